"""Lies told to documents, which are as the last command about them left them."""

LIES = [
    (
        "UPDATE hold SET status = 'released'",
        "described",
        ("hold", "tenant default hold hold-030000000000004"),
    ),
    (
        "UPDATE lot SET expires_on = '2999-12-30' WHERE lot = 'L3'",
        "described",
        ("lot", "tenant default lot (B,L3)"),
    ),
    (
        "UPDATE lot SET status = 'recalled'",
        "described",
        ("lot", "tenant default lot (B,L1)"),
    ),
    (
        "UPDATE transfer SET from_location = 'WEST'",
        "described",
        ("transfer", "tenant default transfer trf-040000000000000"),
    ),
    (
        "UPDATE recipe SET kind = 'production' WHERE kind = 'kit'",
        "described",
        ("recipe", "tenant default recipe Y"),
    ),
    (
        "UPDATE production SET planned = 3",
        "described",
        ("production", "tenant default production prd-090000000000003"),
    ),
    (
        'UPDATE production SET inputs = replace(inputs, \'"used":"3"\', \'"used":"4"\')',
        "production",
        ("production", "tenant default production prd-090000000000003 sku X lot 'X1'"),
    ),
    (
        'UPDATE production SET inputs = replace(inputs, \'"wasted":"2"\', \'"wasted":"1"\')',
        "production",
        ("production", "tenant default production prd-090000000000003 sku X lot 'X1'"),
    ),
    (
        "UPDATE production SET outputs = '[]'",
        "production",
        ("production", "tenant default production prd-090000000000003 sku Z lot 'Z1'"),
    ),
    (
        "UPDATE customer_return SET lines = replace(lines, '\"1\"', '\"2\"')",
        "returns",
        ("customer_return", "tenant default reservation rsv-020300000000000 sku Y lot ''"),
    ),
    (
        "DELETE FROM customer_return",
        "described",
        ("customer_return", "tenant default customer_return rsv-020300000000000"),
    ),
    (
        "UPDATE genealogy SET parent_lot = 'X2' WHERE child_sku = 'Y'",
        "genealogy",
        ("genealogy", "tenant default document kit-090000000000002"),
    ),
    (
        "DELETE FROM genealogy WHERE child_sku = 'Z'",
        "genealogy",
        ("genealogy", "tenant default document prd-090000000000003"),
    ),
    (
        "UPDATE item SET name = 'B', version = 9 WHERE sku = 'A'",
        "described",
        ("item", "tenant default item A"),
    ),
    (
        "UPDATE policy SET backorder_limit = 9 WHERE location = ''",
        "described",
        ("policy", 'tenant default policy (D,"")'),
    ),
    (
        "UPDATE policy SET buffers = replace(buffers, '1', '2') WHERE location = ''",
        "described",
        ("policy", 'tenant default policy (D,"")'),
    ),
    (
        "DELETE FROM policy WHERE location = 'MAIN'",
        "described",
        ("policy", "tenant default policy (D,MAIN)"),
    ),
    (
        "UPDATE item SET active = false WHERE sku = 'D'",
        "described",
        ("item", "tenant default item D"),
    ),
    (
        "UPDATE item SET units = replace(units, '12', '10') WHERE sku = 'D'",
        "described",
        ("item", "tenant default item D"),
    ),
    (
        "UPDATE barcode SET sku = 'A' WHERE unit = 'case'",
        "barcodes",
        ("barcode", "tenant default code 14006381333938"),
    ),
    (
        "DELETE FROM barcode WHERE unit IS NULL",
        "barcodes",
        ("barcode", "tenant default code 04006381333931"),
    ),
    (
        "UPDATE transfer SET conversions = NULL",
        "described",
        ("transfer", "tenant default transfer trf-040000000000002"),
    ),
    (
        "UPDATE location SET actor_id = 'eve' WHERE code = 'MAIN'",
        "described",
        ("location", "tenant default location MAIN"),
    ),
    (
        "UPDATE lot SET expires_on = NULL WHERE lot = 'XI'",
        "described",
        ("lot", "tenant default lot (M,XI)"),
    ),
    (
        "UPDATE bin SET capacity = 7 WHERE bin = 'P'",
        "described",
        ("bin", "tenant default bin (MAIN,P)"),
    ),
    (
        "UPDATE receipt SET lines = replace(lines, '\"1\"', '\"2\"')",
        "described",
        ("receipt", "tenant default receipt rcp-070000000000000"),
    ),
    (
        "UPDATE cost_method SET method = 'average'",
        "described",
        ("cost_method", "tenant default cost_method A"),
    ),
    (
        "UPDATE period SET backdaters = '[\"eve\"]'",
        "described",
        ("period", "tenant default period "),
    ),
    (
        "UPDATE count SET approved_by = 'eve'",
        "described",
        ("count", "tenant default count cnt-050000000000000"),
    ),
    (
        "UPDATE lot SET status = 'active' WHERE lot = 'L7'",
        "described",
        ("lot", "tenant default lot (B,L7)"),
    ),
    (
        "UPDATE replenishment SET quantity = 8 WHERE sku = 'A'",
        "described",
        ("replenishment", "tenant default replenishment (A,MAIN)"),
    ),
    (
        "UPDATE observation SET demand = replace(demand, '\"4\"', '\"5\"')",
        "described",
        ("observation", "tenant default observation (B,MAIN)"),
    ),
    (
        "UPDATE recommendation SET status = 'settled' WHERE sku = 'A'",
        "described",
        ("recommendation", "tenant default recommendation rec-0c0000000000003-1"),
    ),
]
