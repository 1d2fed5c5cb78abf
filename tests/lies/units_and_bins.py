"""Lies told to serials, and to what lies in which bin."""

LIES = [
    *(
        (lie, "serials", ("serial", f"tenant default sku S serial {named}"))
        for lie, named in (
            ("UPDATE serial SET account = 'EAST' WHERE serial = 'N5'", "N5"),
            ("UPDATE serial SET account = '@loss' WHERE serial = 'N1'", "N1"),
            ("UPDATE serial SET document = 'rcp-9' WHERE serial = 'N6'", "N6"),
            ("UPDATE serial SET reservation_id = 'rsv-9' WHERE serial = 'N5'", "N5"),
            ("UPDATE serial SET version = 9 WHERE serial = 'N6'", "N6"),
            ("UPDATE serial SET serial = 'M9' WHERE serial = 'N6'", "M9"),
        )
    ),
    (
        "DELETE FROM serial WHERE serial = 'N5'",
        "serials",
        ("serial", "tenant default sku S serial N5"),
    ),
    (
        "UPDATE movement SET from_account = 'EAST' WHERE sku = 'S' AND to_account = '@loss'",
        "serials",
        ("serial", "tenant default sku S serial N4"),
    ),
    (
        "UPDATE serial_movement SET serial = 'N9' WHERE serial = 'N5'",
        "serials moved",
        ("serial_movement", "tenant default shard 1794 sequence 1 entry 1 serial N5"),
    ),
    (
        "DELETE FROM serial_movement WHERE serial = 'N4' AND shard <> 1794",
        "serials moved",
        ("serial_movement", "tenant default shard 770 sequence 1 entry 1 serial N4"),
    ),
    (
        "UPDATE movement SET quantity = 7 WHERE sku = 'S' AND quantity = 8",
        "serials moved",
        ("movement", "tenant default shard 1794 sequence 1 entry 1"),
    ),
    (
        "DELETE FROM serial WHERE serial = 'N5'",
        "serials counted",
        ("balance", "tenant default sku S location MAIN"),
    ),
    (
        "UPDATE balance SET by_serial = false WHERE sku = 'S'",
        "serials counted",
        ("balance", "tenant default sku S location EAST"),
    ),
    (
        "UPDATE serial SET document = 'trf-9' WHERE serial = 'N7'",
        "serials counted",
        ("transfer", "tenant default transfer trf-040200000000000 sku S"),
    ),
    (
        "UPDATE serial SET reservation_id = NULL WHERE serial = 'N2'",
        "serials promised",
        ("serial", "tenant default reservation rsv-020200000000000 sku S location MAIN"),
    ),
    (
        "UPDATE serial SET reservation_id = 'rsv-9' WHERE serial = 'N5'",
        "serials promised",
        ("serial", "tenant default reservation rsv-9 sku S location MAIN"),
    ),
    *(
        (lie, "bins", ("bin_level", f"tenant default sku E location MAIN lot '' bin {named}"))
        for lie, named in (
            ("UPDATE bin_level SET on_hand = 5 WHERE bin = 'P'", "P"),
            ("UPDATE bin_level SET held = 1 WHERE bin = 'P'", "P"),
            ("UPDATE bin_level SET version = 9 WHERE bin = 'Q'", "Q"),
            ("DELETE FROM bin_level WHERE bin = 'Q'", "Q"),
            ("UPDATE bin_movement SET quantity = 1 WHERE from_bin = 'Q'", "Q"),
            ("UPDATE hold SET lines = replace(lines, '\"P\"', '\"Q\"')", "P"),
        )
    ),
    (
        "UPDATE bin_movement SET quantity = 1 WHERE to_bin = 'P'",
        "bins moved",
        ("bin_movement", "tenant default shard 1795 sequence 5 entry 1"),
    ),
    (
        "DELETE FROM bin_movement WHERE from_bin = 'Q'",
        "bins moved",
        ("bin_movement", "tenant default shard 771 sequence 3 entry 1"),
    ),
    (
        "UPDATE balance SET binned = 6 WHERE sku = 'E'",
        "binned",
        ("balance", "tenant default sku E location MAIN lot ''"),
    ),
]
