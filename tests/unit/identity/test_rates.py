"""The bucket that each client asks from."""

import pytest

from api.identity import rates
from api.identity.rates import Rates


@pytest.fixture
def clock():
    return [0.0]


@pytest.fixture
def three_a_minute(clock):
    return Rates(3, 60.0, lambda: clock[0])


def test_a_client_may_ask_so_often_at_once_and_then_as_the_bucket_refills(three_a_minute, clock):
    seen = [three_a_minute.take("a") for _ in range(4)]
    assert [each.allowed for each in seen] == [True, True, True, False]
    assert [each.left for each in seen] == [2, 1, 0, 0]
    assert [each.full_after_seconds for each in seen] == [20, 40, 60, 60]
    assert seen[-1].retry_after_seconds == 20
    clock[0] = 19.0
    assert three_a_minute.take("a").retry_after_seconds == 1
    clock[0] = 20.0
    assert three_a_minute.take("a").allowed
    assert not three_a_minute.take("a").allowed
    clock[0] = 1_000.0
    assert three_a_minute.take("a").left == 2


def test_clients_do_not_share_a_bucket(three_a_minute):
    assert all(three_a_minute.take(each).allowed for each in "abcabcabc")


def test_the_headers_are_the_drafts(three_a_minute):
    told = dict(three_a_minute.headers(three_a_minute.take("a")))
    assert told == {
        b"ratelimit-policy": b'"client";q=3;w=60',
        b"ratelimit": b'"client";r=2;t=20',
    }


def test_no_more_clients_are_kept_than_may_be(three_a_minute, monkeypatch):
    monkeypatch.setattr(rates, "CLIENTS_MAX", 2)
    for each in "abcd":
        three_a_minute.take(each)
    assert len(three_a_minute._buckets) == 2  # noqa: SLF001  # a bound that nothing else shows
