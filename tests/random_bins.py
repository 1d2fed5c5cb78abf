"""Commands drawn at random about bins, between others about the stock that lies in them."""

import hypothesis.strategies as st

from random_commands import commands, known_skus, lots, quantities
from random_units import all_commands

codes = st.sampled_from([None, None, "X", "X", "Y", "Y", "Z"])
ends = st.tuples(codes, codes).filter(lambda pair: pair[0] != pair[1])
item = {"sku": known_skus, "lot": lots}
carried = st.builds(
    lambda line, pair: {**line, "from_bin": pair[0], "to_bin": pair[1]},
    st.fixed_dictionaries({**item, "quantity": quantities}),
    ends,
)
put = st.fixed_dictionaries({**item, "quantity": st.none() | quantities, "bin": codes})
sites = st.sampled_from(["MAIN", "MAIN", "MAIN", "MAIN", "EAST", "NOWHERE"])
of_bins = st.one_of(
    st.tuples(
        st.just("bin.move"),
        st.fixed_dictionaries(
            {"location": sites, "lines": st.lists(carried, min_size=1, max_size=2)}
        ),
    ),
    st.tuples(
        st.just("putaway.post"),
        st.fixed_dictionaries(
            {
                "location": sites,
                "from_bin": st.none(),
                "lines": st.lists(put, min_size=1, max_size=2),
            }
        ),
    ),
    st.tuples(
        st.just("putaway.post"),
        st.fixed_dictionaries(
            {
                "location": sites,
                "from_bin": st.just("X"),
                "lines": st.lists(
                    put.filter(lambda line: line["bin"] != "X"), min_size=1, max_size=2
                ),
            }
        ),
    ),
)
with_bins = st.lists(of_bins | of_bins | commands | all_commands, min_size=10, max_size=50)
