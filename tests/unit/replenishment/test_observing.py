"""Demand a day, from what moved: the days without stock say nothing."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from ledger.observing import Moved, demand_of

TODAY = date(2026, 11, 21)


def moved(**days):
    """What moved so many days ago: `came in` less `asked` for; `d3=(10, 4)`."""
    return {
        TODAY - timedelta(days=int(name[1:])): Moved(
            Decimal(came) - Decimal(asked), Decimal(asked), came_in=bool(came)
        )
        for name, (came, asked) in days.items()
    }


CASES = [
    # 10 came four days ago, 4 and 2 were asked for since; the days before are not of the item
    ("4", moved(d4=(10, 0), d3=(0, 4), d1=(0, 2)), "1.5", "1.914854", 4, 6),
    # sold out three days ago: the two days since then are stock-outs
    ("0", moved(d5=(6, 0), d4=(0, 4), d3=(0, 2)), "2", "2", 3, 7),
    # what moved today is not counted, and was not there before
    ("8", moved(d0=(5, 1), d2=(4, 0)), "0", "0", 2, 8),
    # dispatched though nothing was there: somebody asked
    ("-3", moved(d1=(0, 3)), "3", "0", 1, 9),
    # there all the time, and never asked for
    ("7", {}, "0", "0", 10, 0),
]


@pytest.mark.parametrize(("on_hand", "days", "mean", "sigma", "counted", "out"), CASES)
def test_demand_of_ten_days(on_hand, days, mean, sigma, counted, out):
    found = demand_of(Decimal(on_hand), days, TODAY, 10)
    assert (found.mean, found.sigma) == (Decimal(mean), Decimal(sigma))
    assert (found.days, found.stock_out_days) == (counted, out)


def test_of_what_was_never_there_nothing_is_known():
    assert demand_of(Decimal(0), {}, TODAY, 10) is None
    assert demand_of(Decimal(5), moved(d0=(5, 0)), TODAY, 10) is None
