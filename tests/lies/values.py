"""Lies told to what stock is worth."""

LIES = [
    (
        "UPDATE cost_fact SET unit_cost = 3 WHERE kind = 'revalue'",
        "costs",
        ("cost_fact", "tenant default shard 3840 sequence 3 entry 1"),
    ),
    (
        "UPDATE value_fact SET quantity = 11 WHERE sku = 'A' AND quantity = 10",
        "value facts",
        ("value_fact", "tenant default shard 768 sequence 1 entry 1"),
    ),
    (
        "UPDATE value_entry SET amount = amount + 0.01 WHERE sku = 'A'",
        "values",
        ("value_entry", "tenant default sku A account @revaluation"),
    ),
    (
        "UPDATE value_entry SET amount = amount + 0.01 WHERE why = 'made' AND sku = 'Z'",
        "values",
        ("value_entry", "tenant default sku Z account @production"),
    ),
    (
        "UPDATE value_work SET quantity = 2 WHERE document LIKE 'kit-%' AND came_out",
        "values",
        ("value_work", "tenant default sku Y document kit-090000000000002"),
    ),
    (
        "UPDATE value_made SET amount = amount + 0.01 WHERE sku = 'Z'",
        "values made",
        ("value_made", "tenant default document prd-090000000000003 sku Z"),
    ),
    (
        "DELETE FROM value_made WHERE sku = 'Y'",
        "values made",
        ("value_made", "tenant default document kit-090000000000002 sku Y"),
    ),
    (
        "DELETE FROM value_work WHERE document LIKE 'kit-%'",
        "values made",
        ("value_made", "tenant default document kit-090000000000002"),
    ),
]
