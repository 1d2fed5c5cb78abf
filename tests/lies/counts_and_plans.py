"""Lies told to counts and to recommendations."""

LIES = [
    (
        "UPDATE count SET lines = 4",
        "count lines",
        ("count", "tenant default count cnt-050000000000000"),
    ),
    (
        "UPDATE count SET status = 'open'",
        "count lines",
        ("count", "tenant default count cnt-050000000000000"),
    ),
    (
        "UPDATE count_line SET counted = 8 WHERE sku = 'C' AND attempt = 1",
        "count lines",
        ("count_line", "tenant default count cnt-050000000000000 line 1 attempt 1"),
    ),
    (
        "DELETE FROM count_line WHERE sku = 'C' AND attempt = 1",
        "count lines",
        ("count_line", "tenant default count cnt-050000000000000 line 1 attempt 1"),
    ),
    (
        "UPDATE count_line SET counted_at = counted_at - interval '1 second' WHERE sku = 'A'",
        "count lines",
        ("count_line", "tenant default count cnt-050000000000000 line 3 attempt 1"),
    ),
    (
        "UPDATE count_line SET expected = 2 WHERE sku = 'C' AND attempt = 2",
        "variances",
        ("count_line", "tenant default count cnt-050000000000000 sku C lot ''"),
    ),
    (
        "DELETE FROM count_line WHERE lot = 'L7'",
        "variances",
        ("count_line", "tenant default count cnt-050000000000000 sku B lot 'L7'"),
    ),
    (
        "UPDATE count_line SET counted = 11, expected = 11 WHERE sku = 'A'",
        "counted as of",
        ("count_line", "tenant default count cnt-050000000000000 line 3"),
    ),
    (
        "UPDATE count_line SET counted_at = now() WHERE sku = 'C' AND attempt = 2",
        "counted as of",
        ("count_line", "tenant default count cnt-050000000000000 line 1"),
    ),
    (
        "UPDATE recommendation SET quantity = quantity + 7 WHERE sku = 'A'",
        "recommendations",
        ("recommendation", "tenant default recommendation rec-0c0000000000003-1"),
    ),
    (
        'UPDATE recommendation SET arithmetic = replace(arithmetic, \'"mean":"4"\', \'"mean":"5"\')',
        "recommendations",
        ("recommendation", "tenant default recommendation rec-0c0000000000003-2"),
    ),
    (
        'UPDATE recommendation SET arithmetic = replace(arithmetic, \'"held":"1"\', \'"held":"2"\')',
        "recommended stock",
        ("recommendation", "tenant default recommendation rec-0c0000000000003-1"),
    ),
]
