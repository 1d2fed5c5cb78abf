"""Lies told to movements, balances and what is promised of them."""

LIES = [
    (
        "UPDATE movement SET quantity = 11 WHERE sku = 'A'",
        "movements",
        ("movement", "tenant default shard 768 sequence 1 entry 1"),
    ),
    (
        "UPDATE movement SET actor_id = 'eve' WHERE sku = 'A'",
        "movements",
        ("movement", "tenant default shard 768 sequence 1 entry 1"),
    ),
    (
        "DELETE FROM movement WHERE sku = 'A'",
        "movements",
        ("movement", "tenant default shard 768 sequence 1 entry 1"),
    ),
    (
        (
            "INSERT INTO movement SELECT tenant_id, shard, sequence, 2::smallint, sku, lot, serial,"
            " from_account, to_account, quantity, unit_cost, reason, document, actor_id, moved_at"
            " FROM movement WHERE sku = 'A'"
        ),
        "movements",
        ("movement", "tenant default shard 768 sequence 1 entry 2"),
    ),
    (
        "UPDATE balance SET on_hand = on_hand + 1 WHERE sku = 'A'",
        "on hand",
        ("balance", "tenant default sku A location MAIN lot ''"),
    ),
    (
        "DELETE FROM balance WHERE lot = 'L1'",
        "on hand",
        ("balance", "tenant default sku B location MAIN lot 'L1'"),
    ),
    (
        "UPDATE balance SET on_hand = on_hand + 1 WHERE sku = 'A'",
        "conservation",
        ("balance and movement", "tenant default sku A lot '' over all accounts"),
    ),
    (
        "UPDATE balance SET reserved = 0 WHERE sku = 'A'",
        "reserved",
        ("balance", "tenant default sku A location MAIN lot ''"),
    ),
    (
        "UPDATE balance SET reserved = 0 WHERE sku = 'A'",
        "promises",
        ("balance", "tenant default sku A location MAIN lot ''"),
    ),
    *(
        (
            "UPDATE balance SET held = 2 WHERE sku = 'A'",
            check,
            ("balance", "tenant default sku A location MAIN lot ''"),
        )
        for check in ("held", "holds", "level records")
    ),
    (
        "UPDATE hold SET lines = replace(lines, '\"2\"', '\"3\"')",
        "holds",
        ("balance", "tenant default sku A location MAIN lot ''"),
    ),
    (
        "UPDATE reservation SET choices = NULL WHERE choices IS NOT NULL",
        "reservations",
        ("reservation", "tenant default reservation rsv-020100000000000"),
    ),
    *(
        (
            "UPDATE balance SET incoming = 1 WHERE sku = 'C' AND location = 'EAST'",
            check,
            ("balance", "tenant default sku C location EAST lot ''"),
        )
        for check in ("incoming", "transfers", "level records")
    ),
    (
        "UPDATE transfer SET lines = replace(lines, '\"0.5\"', '\"0.7\"')",
        "transfers",
        ("balance", "tenant default sku B location EAST lot 'L1'"),
    ),
    (
        "UPDATE production SET status = 'completed'",
        "promises",
        ("balance", "tenant default sku X location MAIN lot 'X1'"),
    ),
    (
        "UPDATE reservation SET kits = NULL WHERE kits IS NOT NULL",
        "reservations",
        ("reservation", "tenant default reservation rsv-020300000000000"),
    ),
    (
        "UPDATE balance SET backorder_limit = 1 WHERE sku = 'A'",
        "available",
        ("balance", "tenant default sku A location MAIN lot ''"),
    ),
    (
        "UPDATE balance SET version = version + 1 WHERE sku = 'A'",
        "level records",
        ("balance", "tenant default sku A location MAIN lot ''"),
    ),
    (
        "UPDATE reservation SET status = 'active' WHERE status = 'released'",
        "reservations",
        ("reservation", "tenant default reservation rsv-020100000000001"),
    ),
    (
        "UPDATE reservation SET lines = replace(lines, '\"3\"', '\"4\"')",
        "reservations",
        ("reservation", "tenant default reservation rsv-020100000000000"),
    ),
    (
        "UPDATE reservation SET version = 7 WHERE status = 'released'",
        "reservations",
        ("reservation", "tenant default reservation rsv-020100000000001"),
    ),
    (
        "DELETE FROM reservation WHERE status = 'released'",
        "reservations",
        ("reservation", "tenant default reservation rsv-020100000000001"),
    ),
    (
        "UPDATE reservation SET status = 'released' WHERE status = 'active'",
        "promises",
        ("balance", "tenant default sku A location MAIN lot ''"),
    ),
    *(
        (
            lie,
            "available",
            ("balance", "tenant default sku D location MAIN lot ''"),
        )
        for lie in (
            "UPDATE balance SET backorder_limit = 5 WHERE sku = 'D' AND location = 'MAIN'",
            "UPDATE balance SET backorder_limit = 3 WHERE sku = 'D' AND location = 'MAIN'",
            "UPDATE balance SET negative_limit = 1 WHERE sku = 'D' AND location = 'MAIN'",
            "UPDATE policy SET backorder_limit = 0 WHERE location = 'MAIN'",
        )
    ),
    (
        "UPDATE reservation SET conversions = replace(conversions, '12', '24')",
        "reservations",
        ("reservation", "tenant default reservation rsv-020100000000003"),
    ),
    (
        "UPDATE movement SET quantity = 1 WHERE from_account = '@correction'",
        "corrections",
        ("movement", "tenant default correction lcr-030300000000000 sku M location MAIN"),
    ),
    (
        "UPDATE movement SET effective_at = moved_at WHERE sku = 'A'",
        "movements",
        ("movement", "tenant default shard 768 sequence 1 entry 1"),
    ),
]
