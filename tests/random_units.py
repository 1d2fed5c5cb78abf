"""Commands drawn at random about units of S, which have serials; and lots that were others."""

import hypothesis.strategies as st

import asks
from random_commands import commands, given_lots, known_skus, places, quantities

some = st.lists(
    st.sampled_from([f"U{n}" for n in range(1, 9)]), min_size=1, max_size=3, unique=True
)
"""Units of S, which begins with U1 to U5 at MAIN."""


def as_units(fields, name="quantity"):
    """A line of units with fields of its own; now and then their number is wrong."""
    return st.builds(
        lambda serials, more, wrong: {
            "sku": "S",
            "lot": None,
            **more,
            name: str(1 if wrong else len(serials)),
            "serials": serials,
        },
        some,
        st.fixed_dictionaries(fields),
        st.sampled_from([False] * 9 + [True]),
    )


here = {"location": places}
last = st.sampled_from([-1, -1, -1, -2, 0])  # counted from what was made last
unit_parts = st.none() | st.lists(
    as_units({"line": st.just(1)}).map(
        lambda each: {name: each[name] for name in ("line", "quantity", "serials")}
    ),
    min_size=1,
    max_size=2,
)
came_back = as_units(
    {
        "line": st.just(1),
        "disposition": st.sampled_from(["sellable", "quarantine", "damaged", "discarded"]),
    }
).map(lambda each: {name: value for name, value in each.items() if name != "sku"})
any_unit = st.fixed_dictionaries(
    {"sku": st.just("S"), "lot": st.none(), **here, "quantity": st.sampled_from(["1", "2", "0.5"])}
)
of_units = (
    st.tuples(
        st.just("receipt.post"),
        st.fixed_dictionaries({"lines": st.lists(as_units(here), min_size=1, max_size=2)}),
    ),
    st.tuples(st.just("stock.record"), as_units({**here, "reason": st.just("r")})),
    st.tuples(st.just("stock.adjust"), as_units({**here, "reason_code": st.just("r")}, "delta")),
    st.tuples(
        st.just("stock.adjust"),
        as_units({**here, "reason_code": st.just("r")}, "delta").map(
            lambda body: {**body, "delta": f"-{body['delta']}"}
        ),
    ),
    st.tuples(
        st.just("stock.issue"),
        st.fixed_dictionaries(
            {
                "to": st.sampled_from(["customer", "scrap"]),
                "allow_negative": st.just(value=False),
                "lines": as_units(here).map(lambda line: [line]),
                "reason_code": st.just("r"),
            }
        ),
    ),
    st.tuples(
        st.just("transfer.ship"),
        st.fixed_dictionaries(
            {
                "from_location": places,
                "to_location": st.sampled_from(["EAST", "EAST", "MAIN"]),
                "lines": as_units({}).map(lambda line: [line]),
            }
        ),
    ),
    st.tuples(
        st.just("transfer.receive"),
        st.fixed_dictionaries({"transfer_id": last, "lines": unit_parts}),
    ),
    st.tuples(
        st.just("reservation.create"),
        st.fixed_dictionaries(
            {
                "order_id": st.just("SO"),
                "lines": (as_units(here) | any_unit).map(lambda line: [line]),
                "allow_partial": st.booleans(),
            }
        ),
    ),
    st.tuples(
        st.just("reservation.release"),
        st.fixed_dictionaries(
            {"reservation_id": last, "lines": unit_parts, "reason": st.just("r")}
        ),
    ),
    st.tuples(
        st.just("reservation.consume"),
        st.fixed_dictionaries(
            {"reservation_id": last, "lines": unit_parts, "shipment_proof": st.just(asks.PROOF)}
        ),
    ),
    st.tuples(
        st.just("return.receive"),
        st.fixed_dictionaries(
            {
                "reservation_id": last,
                "lines": st.lists(came_back, min_size=1, max_size=2),
                "reason": st.just("r"),
            }
        ),
    ),
)

made, ended, sent, arrived, shipped_out, brought_back = (
    st.one_of(*(each for each in of_units if f"'{kind}'" in repr(each)))
    for kind in (
        "reservation.create",
        "reservation.release",
        "transfer.ship",
        "transfer.receive",
        "reservation.consume",
        "return.receive",
    )
)
in_pairs = st.one_of(
    st.tuples(st.one_of(*of_units)),
    st.tuples(made, ended),
    st.tuples(made, shipped_out),
    st.tuples(made, shipped_out, brought_back, brought_back),
    st.tuples(made, made, shipped_out, ended),
    st.tuples(sent, arrived),
)
corrected = st.tuples(
    st.just("lot.correct"),
    st.fixed_dictionaries(
        {
            "sku": known_skus,
            "location": places,
            "from_lot": given_lots,
            "to_lot": st.sampled_from(["L3", "L4"]),
            "quantity": st.none() | quantities,
            "reason": st.just("r"),
        }
    ),
)
all_commands = st.integers(0, 9).flatmap(
    lambda nth: commands if nth < 6 else corrected if nth < 7 else st.one_of(*of_units)
)
of_all = st.lists(all_commands, min_size=10, max_size=50)
of_units_only = st.lists(in_pairs, min_size=5, max_size=25).map(
    lambda several: [each for pair in several for each in pair]
)
