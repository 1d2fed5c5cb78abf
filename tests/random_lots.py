"""Commands drawn at random about the lots of B at one place: any of them is promised, or one by name."""

import hypothesis.strategies as st

import asks

which = st.sampled_from(["L1", "L2", "L3"])
few = st.sampled_from(["1", "2", "3", "5"])
mine = st.sampled_from([0, 1, 2, -1, -2])


def _line(fields):
    return {"sku": "B", "location": "MAIN", "unit": None, **fields}


wished = st.fixed_dictionaries({"quantity": few, "lot": st.none() | which}).map(_line)
promised = st.tuples(
    st.just("reservation.create"),
    st.fixed_dictionaries(
        {
            "order_id": st.just("SO"),
            "lines": st.lists(wished, min_size=1, max_size=3),
            "allow_partial": st.booleans(),
        }
    ),
)
parts = st.none() | st.lists(
    st.fixed_dictionaries({"line": st.integers(1, 2), "quantity": few, "lot": st.none() | which}),
    min_size=1,
    max_size=2,
)
ended = st.one_of(
    st.tuples(
        st.just("reservation.release"),
        st.fixed_dictionaries({"reservation_id": mine, "lines": parts, "reason": st.just("r")}),
    ),
    st.tuples(
        st.just("reservation.consume"),
        st.fixed_dictionaries(
            {"reservation_id": mine, "lines": parts, "shipment_proof": st.just(asks.PROOF)}
        ),
    ),
)
changed = st.one_of(
    st.tuples(
        st.just("stock.record"),
        st.fixed_dictionaries(
            {"lot": which, "quantity": st.sampled_from(["4", "6"]), "reason": st.just("r")}
        ).map(_line),
    ),
    st.tuples(
        st.just("lot.upsert"),
        st.fixed_dictionaries(
            {
                "sku": st.just("B"),
                "lot": which,
                "expires_on": st.sampled_from([None, "2901-01-01", "2902-01-01"]),
            }
        ),
    ),
)
stocked = st.tuples(
    *(
        st.tuples(
            st.just("stock.record"),
            few.map(
                lambda quantity, lot=lot: _line({"lot": lot, "quantity": quantity, "reason": "r"})
            ),
        )
        for lot in ("L1", "L2", "L3")
    )
)
of_lots_only = st.builds(
    lambda first, rest: [*first, *rest],
    stocked,
    st.lists(
        st.integers(0, 9).flatmap(
            lambda nth: promised if nth < 7 else ended if nth < 9 else changed
        ),
        min_size=4,
        max_size=25,
    ),
)
