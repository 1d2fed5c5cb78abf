"""Commands drawn at random, few of each kind and small, so that they often meet."""

import hypothesis.strategies as st

import asks
from random_making import making

SKUS = ["A", "B"]
PLACES = ["MAIN", "MAIN", "MAIN", "EAST"]
LOTS = [None, None, "L1", "L2"]

# Few and small, so that they often add up to exactly what there is.
quantities = st.sampled_from(["0.5", "1", "2", "2", "3", "4", "9"])
skus, places, lots = (st.sampled_from(each) for each in (SKUS, PLACES, LOTS))
known_skus = st.sampled_from([*SKUS * 8, "NONE"])
units = st.sampled_from([None, None, None, "each", "pair"])
lines = st.fixed_dictionaries(
    {"sku": known_skus, "location": places, "quantity": quantities, "unit": units, "lot": lots}
)
sold_lines = st.one_of(
    lines,
    st.fixed_dictionaries(
        {
            "sku": known_skus,
            "location": places,
            "quantity": quantities,
            "lot": lots,
            "channel": st.sampled_from([None, "web"]),
            "split": st.booleans(),
        }
    ),
    st.fixed_dictionaries(
        {
            "sku": known_skus,
            "location": places,
            "quantity": st.sampled_from(["1", "2", "3"]),
            "unit": st.sampled_from(["pair", "each"]),
            "lot": lots,
            "whole_packs": st.just(value=True),
            "split": st.booleans(),
        }
    ),
)
limits = st.sampled_from([None, "0", "2", "5"])
parts = st.none() | st.lists(
    st.fixed_dictionaries({"line": st.integers(1, 2), "quantity": quantities}),
    min_size=1,
    max_size=2,
)
levels = {"sku": known_skus, "location": st.sampled_from([*PLACES * 3, "NOWHERE"]), "lot": lots}
nth = st.integers(0, 7)
received = st.one_of(
    lines,
    st.fixed_dictionaries(
        {
            "sku": st.just("B"),
            "location": places,
            "quantity": quantities,
            "lot": st.sampled_from(["L1", "L2", "L3"]),
            "expires_on": st.sampled_from(["2901-01-01", "2902-01-01"]),
        }
    ),
)
shipped = st.fixed_dictionaries(
    {"sku": known_skus, "quantity": quantities, "unit": units, "lot": lots}
)
given_lots = st.sampled_from(["L1", "L2"])
days = st.sampled_from([None, "2001-01-01", "2901-01-01", "2902-01-01"])  # by any test's clock

YES = [True, True, False]
FOUND = (
    [("A", None)] * 6 + [("B", "L1"), ("B", "L2")] * 3 + [("B", "L9"), ("A", "L1"), ("NONE", None)]
)
found = st.builds(
    lambda level, quantity: {"sku": level[0], "lot": level[1], "quantity": quantity},
    st.sampled_from(FOUND),
    quantities | st.just("0"),
)

kinds = (
    st.tuples(
        st.just("item.upsert"),
        st.fixed_dictionaries(
            {
                "sku": skus,
                "name": st.just("x"),
                "track_by": st.sampled_from(["none", "batch"]),
                "active": st.sampled_from([None, True, True, False]),
            }
        ),
    ),
    st.tuples(
        st.just("location.upsert"), st.fixed_dictionaries({"code": places, "name": st.just("x")})
    ),
    st.tuples(
        st.just("stock.record"),
        st.fixed_dictionaries(
            {**levels, "quantity": quantities, "unit": units, "reason": st.just("count")}
        ),
    ),
    st.tuples(
        st.just("stock.adjust"),
        st.fixed_dictionaries(
            {
                **levels,
                "delta": quantities | quantities.map("-{}".format),
                "unit": units,
                "reason_code": st.just("r"),
            }
        ),
    ),
    st.tuples(
        st.just("reservation.create"),
        st.fixed_dictionaries(
            {
                "order_id": st.just("SO"),
                "lines": st.lists(sold_lines, min_size=1, max_size=3),
                "allow_partial": st.booleans(),
            }
        ),
    ),
    st.tuples(
        st.just("reservation.release"),
        st.fixed_dictionaries({"reservation_id": nth, "lines": parts, "reason": st.just("r")}),
    ),
    st.tuples(
        st.just("reservation.consume"),
        st.fixed_dictionaries(
            {"reservation_id": nth, "lines": parts, "shipment_proof": st.just(asks.PROOF)}
        ),
    ),
    st.tuples(
        st.just("lot.upsert"),
        st.fixed_dictionaries({"sku": known_skus, "lot": given_lots, "expires_on": days}),
    ),
    st.tuples(
        st.just("lot.set-status"),
        st.fixed_dictionaries(
            {
                "sku": known_skus,
                "lot": given_lots,
                "status": st.sampled_from(["active", "active", "recalled"]),
                "reason": st.just("r"),
            }
        ),
    ),
    st.tuples(
        st.just("hold.place"),
        st.fixed_dictionaries(
            {
                **levels,
                "location": st.none() | levels["location"],
                "quantity": st.none() | quantities,
                "reason": st.just("r"),
            }
        ),
    ),
    st.tuples(
        st.just("hold.release"),
        st.fixed_dictionaries(
            {"hold_id": nth, "quantity": st.none() | quantities, "reason": st.just("r")}
        ),
    ),
    st.tuples(
        st.just("receipt.post"),
        st.fixed_dictionaries({"lines": st.lists(received, min_size=1, max_size=2)}),
    ),
    st.tuples(
        st.just("stock.issue"),
        st.fixed_dictionaries(
            {
                "to": st.sampled_from(["customer", "scrap"]),
                "lines": st.lists(lines, min_size=1, max_size=2),
                "reason_code": st.just("r"),
                "allow_negative": st.just(value=False),
            }
        )
        | st.fixed_dictionaries(
            {
                "to": st.just("customer"),
                "lines": st.lists(lines, min_size=1, max_size=2),
                "reason_code": st.just("r"),
                "allow_negative": st.just(value=True),
            }
        ),
    ),
    st.tuples(
        st.just("transfer.ship"),
        st.fixed_dictionaries(
            {
                "from_location": places,
                "to_location": st.sampled_from(["EAST", "EAST", "MAIN"]),
                "lines": st.lists(shipped, min_size=1, max_size=2),
            }
        ),
    ),
    st.tuples(
        st.just("transfer.receive"), st.fixed_dictionaries({"transfer_id": nth, "lines": parts})
    ),
    st.tuples(
        st.just("transfer.close"),
        st.fixed_dictionaries(
            {
                "transfer_id": nth,
                "rest": st.sampled_from(["lost", "returned"]),
                "reason": st.just("r"),
            }
        ),
    ),
    st.tuples(st.just("count.open"), st.fixed_dictionaries({"location": places})),
    st.tuples(
        st.just("count.record"),
        st.fixed_dictionaries(
            {
                "count_id": nth,
                "counted_at": st.just("now"),  # until it is sent: the clock is the ledger's
                "lines": st.lists(found, min_size=1, max_size=2),
            }
        ),
    ),
    st.tuples(
        st.just("count.recount"),
        st.fixed_dictionaries(
            {"count_id": nth, "lines": st.lists(st.integers(1, 3), min_size=1, max_size=1)}
        ),
    ),
    st.tuples(
        st.just("count.post"),
        st.fixed_dictionaries({"count_id": nth, "allow_partial": st.sampled_from(YES)}),
    ),
    st.tuples(
        st.just("count.cancel"),
        st.fixed_dictionaries({"count_id": nth, "reason": st.just("r")}),
    ),
    st.tuples(
        st.just("policy.set"),
        st.fixed_dictionaries(
            {
                "sku": st.sampled_from(["A", "A", "A", "B", "NONE"]),
                "location": st.sampled_from([None, "MAIN", "EAST", "NOWHERE"]),
                "backorder_limit": limits,
                "negative_limit": limits,
                "keep": st.sampled_from([None, "0", "1", "4"]),
            }
        ),
    ),
    st.tuples(st.just("repeat"), nth),
    st.tuples(st.just("reuse"), nth),
    st.tuples(st.just("bad"), st.sampled_from(["stock.record", "reservation.create"])),
)
WEIGHTS = (1, 1, 2, 3, 8, 5, 5, 2, 2, 3, 2, 3, 2, 4, 3, 1, 3, 12, 2, 9, 1, 3, 1, 1, 1)
weighted = [kind for kind, weight in zip(kinds, WEIGHTS, strict=True) for _ in range(weight)]
weighted += making
# Not `one_of`, which takes each of them once, however often it is given.
commands = st.integers(0, len(weighted) - 1).flatmap(weighted.__getitem__)
