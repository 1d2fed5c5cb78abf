"""Failpoints: armed in tests only, and for places and actions that exist."""

import pytest

from schemas import failpoints


def test_nothing_is_armed_without_being_asked():
    assert failpoints.armed({}) is None
    assert failpoints.reached.__name__ == "_pass"


def test_a_test_may_arm_a_place():
    fault = failpoints.armed({"FAULT": "w.after_poll:raise:2", "ERP_TEST": "1"})
    assert (fault.place, fault.nth) == ("w.after_poll", 2)
    with pytest.raises(failpoints.FaultError):
        fault.act()


@pytest.mark.parametrize(
    "environment",
    [
        {"FAULT": "w.after_poll:kill"},
        {"FAULT": "w.after_poll:kill", "ERP_TEST": "0"},
        {"FAULT": "w.nowhere:kill", "ERP_TEST": "1"},
        {"FAULT": "w.after_poll:explode", "ERP_TEST": "1"},
        {"FAULT": "w.after_poll", "ERP_TEST": "1"},
    ],
)
def test_any_other_wish_is_refused(environment):
    with pytest.raises((RuntimeError, ValueError)):
        failpoints.armed(environment)
