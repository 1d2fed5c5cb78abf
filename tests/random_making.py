"""Commands that make things, drawn at random."""

import hypothesis.strategies as st

places = st.sampled_from(["MAIN", "MAIN", "MAIN", "EAST"])
few = st.sampled_from(["1", "1", "2", "3"])
lots = st.sampled_from([None, "L1", "L2"])
nth = st.integers(0, 7)
used = st.fixed_dictionaries(
    {
        "sku": st.sampled_from([*["A", "B"] * 8, "K"]),
        "quantity": st.sampled_from(["0.5", "1", "2", "4"]),
        "wasted": st.sampled_from(["0", "0", "0.5", "1"]),
        "lot": lots,
    }
)
spoilt = st.fixed_dictionaries(
    {"sku": st.just("B"), "quantity": st.just("0"), "wasted": few, "lot": lots}
)
made = st.fixed_dictionaries(
    {
        "quantity": few,
        "lot": st.sampled_from(["P1", "P2"]),
        "expires_on": st.sampled_from([None, None, "2901-01-01", "2902-01-01"]),
    }
)
unnamed = st.fixed_dictionaries({"quantity": few, "lot": st.none()})
outs = st.none() | st.lists(
    st.fixed_dictionaries(
        {
            "sku": st.sampled_from(["A", "B"]),
            "lot": st.sampled_from([None, "L1"]),
            "quantity": st.sampled_from(["0.5", "1"]),
            "scrapped": st.sampled_from(["0", "0.5"]),
        }
    ),
    min_size=1,
    max_size=2,
)
kinds = (
    (3, "kit.assemble", {"sku": st.just("K"), "location": places, "quantity": few}),
    (
        3,
        "kit.disassemble",
        {"sku": st.just("K"), "location": places, "quantity": few, "components": outs},
    ),
    (
        4,
        "production.start",
        {
            "sku": st.just("P"),
            "location": places,
            "quantity": few,
            "allow_partial": st.booleans(),
        },
    ),
    (
        4,
        "production.consume",
        {"production_id": nth, "lines": st.lists(used | spoilt, min_size=1, max_size=2)},
    ),
    (
        3,
        "production.produce",
        {
            "production_id": nth,
            "lines": st.lists(made | made | made | unnamed, min_size=1, max_size=2),
        },
    ),
    (1, "production.complete", {"production_id": nth}),
    (1, "production.cancel", {"production_id": nth, "reason": st.just("r")}),
)
packs = st.fixed_dictionaries({"quantity": few, "lot": st.sampled_from(["L1", "L3", "L4"])})
back = st.fixed_dictionaries(
    {
        "line": st.integers(1, 2),
        "quantity": few,
        "lot": lots,
        "disposition": st.sampled_from(["sellable", "quarantine", "damaged", "discarded"]),
    }
)
kinds += (
    (
        3,
        "lot.repack",
        {
            "sku": st.just("B"),
            "location": places,
            "quantity": few,
            "lot": lots,
            "to": st.lists(packs, min_size=1, max_size=2),
            "wasted": st.sampled_from(["0", "0", "0", "1"]),
            "reason": st.just("r"),
        },
    ),
    (
        4,
        "return.receive",
        {
            "reservation_id": nth,
            "lines": st.lists(back, min_size=1, max_size=2),
            "reason": st.just("r"),
        },
    ),
)
making = [
    st.tuples(st.just(kind), st.fixed_dictionaries(fields))
    for weight, kind, fields in kinds
    for _ in range(weight)
]
