"""What every test may ask for: real servers, a database and topics of its own, and a seed."""

import os

import pytest

pytest_plugins = ("servers", "fault_table", "pipelines")

SEEDS = 2_000


def pytest_addoption(parser):
    group = parser.getgroup("stockyard")
    group.addoption("--seed", type=int, help="the one seed of tests that are made from seeds")
    group.addoption("--seeds", type=int, default=SEEDS, help="how many days are simulated")
    group.addoption("--soak", type=float, help="minutes of random faults from a seed")


@pytest.fixture
def seed(pytestconfig):
    """The one that was asked for by `--seed` or STOCKYARD_SEED, if any."""
    asked = pytestconfig.getoption("--seed")
    return asked if asked is not None else _number(os.environ.get("STOCKYARD_SEED"))


def _number(text):
    return int(text) if text else None
