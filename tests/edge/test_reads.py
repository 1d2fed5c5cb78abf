"""Availability: what can be promised now, filtered, a page at a time."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from asks import hold, item, location, lot, record_stock, set_status, ship
from identities import bearing
from running import AVAILABILITY, eventually, order


def faulty(answer):
    assert answer.status_code == 400
    assert answer.json()["type"].endswith("/invalid-query")
    return [fault["parameter"] for fault in answer.json()["errors"]]


def test_pages_hold_every_place_once_and_in_order(stockyard):
    skus = sorted(stockyard.stock() for _ in range(5))
    path, seen = f"{AVAILABILITY}?limit=2&" + "&".join(f"sku={sku}" for sku in skus), []
    while path:
        answer = stockyard.get(path)
        page = answer.json()
        seen += [row["sku"] for row in page["data"]]
        assert len(page["data"]) <= 2
        link = answer.headers.get("link")
        assert (link is None) == (page["next_cursor"] is None)
        path = link and link.removesuffix('>; rel="next"').removeprefix("<")
    assert seen == skus


def test_no_more_places_on_a_page_than_may_be(stockyard):
    assert faulty(stockyard.get(f"{AVAILABILITY}?limit=201")) == ["limit"]
    assert stockyard.get(f"{AVAILABILITY}?limit=200").status_code == 200


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("limit=0", "limit"),
        ("limit=x", "limit"),
        ("limit=1&limit=2", "limit"),
        ("unheard=1", "unheard"),
        ("cursor=%00", "cursor"),
        ("cursor=bm9uZQ", "cursor"),
        ("cursor=WyJcdTAwMDAiLCIiXQ", "cursor"),
        ("sku=%00", "sku"),
        ("location=@vendor", "location"),
        ("only-available=perhaps", "only-available"),
    ],
)
def test_a_wrong_parameter_is_named(stockyard, query, named):
    assert faulty(stockyard.get(f"{AVAILABILITY}?{query}")) == [named]


def test_a_position_that_was_never_given_out_is_refused(stockyard):
    answer = stockyard.get(AVAILABILITY, headers={"Stockyard-Position": "soon"})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["header"] == "Stockyard-Position"


def test_what_has_nothing_to_promise_can_be_left_out(stockyard):
    sku = stockyard.stock("3")
    assert stockyard.reserve(order(sku, "3")).status_code == 201
    assert stockyard.availability(sku)["available"] == "0"
    assert stockyard.availability(sku, **{"only-available": "true"}) is None


def test_lots_count_together_or_one_at_a_time(stockyard):
    sku = "LOTS-1"
    stockyard.tell(item(sku, track_by="batch"), location("MAIN"))

    def counted():
        stockyard.tell(record_stock(sku, "2.5", lot="L1"), record_stock(sku, "4", lot="L2"))
        row = stockyard.availability(sku)
        return row and row["owned"] == "6.5"

    eventually("both lots", counted)
    assert stockyard.availability(sku)["lot"] is None
    row = stockyard.availability(sku, lot="L1", location="MAIN")
    assert (row["lot"], row["owned"], row["available"]) == ("L1", "2.5", "2.5")
    assert stockyard.availability(sku, location="ELSEWHERE") is None


def test_of_a_lot_that_may_not_be_used_nothing_is_available(stockyard):
    sku = "LOTS-2"
    stockyard.tell(item(sku, track_by="batch"), location("MAIN"))

    def counted():
        stockyard.tell(record_stock(sku, "2.5", lot="L1"), record_stock(sku, "4", lot="L2"))
        row = stockyard.availability(sku)
        return row and row["owned"] == "6.5"

    def available():
        row = stockyard.availability(sku)
        assert row["owned"] == "6.5"
        return row["available"]

    eventually("both lots", counted)
    stockyard.tell(set_status("L1", "recalled", sku=sku))
    eventually("recalled", lambda: available() == "4")
    stockyard.tell(lot("L2", sku=sku, expires_on="2001-01-01"))
    eventually("expired", lambda: available() == "0")
    answer = stockyard.reserve(order(sku))
    assert answer.status_code == 409
    assert [each["because"] for each in answer.json()["lines"][0]["passed"]] == [
        "recalled",
        "expired",
    ]
    stockyard.tell(set_status("L1", "active", sku=sku))
    eventually("free again", lambda: available() == "2.5")


def test_a_lots_last_day_is_over_where_it_is_tomorrow_already(stockyard):
    """A day in Niue is over in Kiritimati, 25 hours ahead, at every hour of the year."""
    sku, today = "LOTS-3", datetime.now(ZoneInfo("Pacific/Niue")).date().isoformat()
    places = {"NIUE": "Pacific/Niue", "XMAS": "Pacific/Kiritimati"}
    stockyard.tell(item(sku, track_by="batch"))
    stockyard.tell(*[location(code, time_zone=zone) for code, zone in places.items()])

    def counted():
        stockyard.tell(*[record_stock(sku, "1", at=code, lot="L1") for code in places])
        return all(stockyard.availability(sku, location=code) for code in places)

    eventually("stocked", counted)
    stockyard.tell(lot("L1", sku=sku, expires_on=today))
    eventually("over", lambda: stockyard.availability(sku, location="XMAS")["available"] == "0")
    assert stockyard.availability(sku, location="NIUE")["available"] == "1"


def test_what_is_held_and_what_is_on_its_way_is_told_apart(stockyard):
    sku = stockyard.stock("10")
    stockyard.tell(location("EAST"))
    stockyard.tell(hold(sku, "3"))
    eventually("held", lambda: stockyard.availability(sku)["held"] == "3")

    def shipped():
        stockyard.tell(ship((sku, "7")))  # again, should EAST not be known yet
        return stockyard.availability(sku, location="EAST")

    eventually("shipped", shipped)
    here, there = (stockyard.availability(sku, location=code) for code in ("MAIN", "EAST"))
    assert [here[name] for name in ("owned", "held", "available")] == ["3", "3", "0"]
    assert [there[name] for name in ("owned", "incoming", "available")] == ["0", "7", "0"]


def test_another_tenant_sees_none_of_it(stockyard):
    sku = stockyard.stock()
    answer = stockyard.get(AVAILABILITY, params={"sku": sku}, headers=bearing(tenant="other"))
    assert answer.json() == {"data": [], "next_cursor": None}


def test_what_is_reserved_past_its_time_is_available_before_a_worker_sweeps_it(stockyard):
    sku = stockyard.stock("10")
    until = datetime.now(UTC) + timedelta(seconds=3)
    made = stockyard.reserve(order(sku, "6", expires_at=until.isoformat()))
    assert made.status_code == 201
    with stockyard.freeze("worker"):
        if datetime.now(UTC) < until:
            assert stockyard.availability(sku)["available"] == "4"
        eventually("its time", lambda: datetime.now(UTC) > until + timedelta(seconds=0.2))
        row = stockyard.availability(sku, **{"only-available": "true"})
        assert (row["available"], row["reserved"]) == ("10", "0")
    eventually(
        "swept", lambda: stockyard.get(made.headers["location"]).json()["status"] == "expired"
    )
    row = stockyard.availability(sku)
    assert (row["available"], row["reserved"]) == ("10", "0")
