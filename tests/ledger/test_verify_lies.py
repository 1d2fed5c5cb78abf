"""Lies told to the tables: each is found, by the check that looks for it, at the first wrong row."""

import psycopg
import pytest

FORGE = "SET session_replication_role = replica"  # past the triggers that forbid it

LIES = [
    (
        "UPDATE journal SET record = replace(record, '\"6\"', '\"7\"') WHERE shard = 513 AND sequence = 1",
        "hash chain",
        ("journal", "tenant default shard 513 sequence 1"),
    ),
    (
        "UPDATE journal SET hash = sha256(hash) WHERE shard = 513 AND sequence = 2",
        "hash chain",
        ("journal", "tenant default shard 513 sequence 2"),
    ),
    (
        "UPDATE journal SET recorded_at = recorded_at - interval '1 day' WHERE shard = 256",
        "hash chain",
        ("journal", "tenant default shard 256 sequence 1"),
    ),
    (
        "DELETE FROM journal WHERE shard = 256 AND sequence = 2",
        "hash chain",
        ("journal", "tenant default shard 256 sequence 3"),
    ),
    (
        "DELETE FROM journal WHERE shard = 256 AND sequence = 3",
        "hash chain",
        ("segment", "tenant default shard 256"),
    ),
    (
        "DELETE FROM journal WHERE shard = 256",
        "hash chain",
        ("segment", "tenant default shard 256"),
    ),
    (
        "DELETE FROM segment WHERE shard = 256",
        "hash chain",
        ("segment", "tenant default shard 256"),
    ),
    (
        "DELETE FROM journal WHERE shard = 256 AND sequence = 2",
        "sequences",
        ("journal", "tenant default shard 256 sequence 3"),
    ),
    (
        "UPDATE shard SET next_sequence = 99 WHERE shard = 256",
        "sequences",
        ("shard", "shard 256"),
    ),
    (
        "UPDATE shard SET next_offset = 2 WHERE shard = 256",
        "offsets",
        ("journal", "tenant default shard 256 sequence 3"),
    ),
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
        "UPDATE production SET status = 'completed'",
        "promises",
        ("balance", "tenant default sku X location MAIN lot 'X1'"),
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
        "UPDATE reservation SET kits = NULL WHERE kits IS NOT NULL",
        "reservations",
        ("reservation", "tenant default reservation rsv-020300000000000"),
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
    (
        "DELETE FROM idempotency WHERE shard = 256 AND sequence = 2",
        "idempotency",
        ("idempotency", "tenant default shard 256 sequence 2"),
    ),
    (
        "UPDATE item SET name = 'B', version = 9 WHERE sku = 'A'",
        "described",
        ("item", "tenant default item A"),
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
        "UPDATE reservation SET conversions = replace(conversions, '12', '24')",
        "reservations",
        ("reservation", "tenant default reservation rsv-020100000000003"),
    ),
    (
        "UPDATE dead_letter SET reason = 'too-large'",
        "dead letters",
        ("dead_letter", "tenant default shard 512 sequence 5"),
    ),
    (
        "DELETE FROM dead_letter",
        "dead letters",
        ("dead_letter", "tenant default shard 512 sequence 5"),
    ),
    (
        "UPDATE location SET actor_id = 'eve' WHERE code = 'MAIN'",
        "described",
        ("location", "tenant default location MAIN"),
    ),
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
    (
        "UPDATE movement SET quantity = 1 WHERE from_account = '@correction'",
        "corrections",
        ("movement", "tenant default correction lcr-030300000000000 sku M location MAIN"),
    ),
    (
        "UPDATE lot SET expires_on = NULL WHERE lot = 'XI'",
        "described",
        ("lot", "tenant default lot (M,XI)"),
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
    (
        "UPDATE bin SET capacity = 7 WHERE bin = 'P'",
        "described",
        ("bin", "tenant default bin (MAIN,P)"),
    ),
    (
        "UPDATE publication SET published_up_to = 99 WHERE shard = 256",
        "publication",
        ("publication", "shard 256"),
    ),
    (
        "UPDATE movement SET effective_at = moved_at WHERE sku = 'A'",
        "movements",
        ("movement", "tenant default shard 768 sequence 1 entry 1"),
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
    (
        "UPDATE idempotency SET sequence = 77 WHERE shard = 256 AND sequence = 3",
        "idempotency",
        ("idempotency", "tenant default shard 256 sequence 3"),
    ),
    (
        "UPDATE idempotency SET identity = sha256('x') WHERE shard = 256 AND sequence = 2",
        "idempotency",
        ("idempotency", "tenant default shard 256 sequence 2"),
    ),
    (
        "UPDATE count SET approved_by = 'eve'",
        "described",
        ("count", "tenant default count cnt-050000000000000"),
    ),
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


@pytest.mark.parametrize(("lie", "check", "where"), LIES)
def test_a_lie_is_found_where_it_stands(history, lie, check, where):
    with psycopg.connect(history.url) as connection:
        connection.execute(FORGE)
        assert connection.execute(lie).rowcount > 0
    report = history.proof()
    assert not report.passed
    found = next(each.wrong for each in report.checks if each.name == check)
    assert found is not None, report.lines()
    assert (found.table, found.key) == where
    assert found.expected != found.found
