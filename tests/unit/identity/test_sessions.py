"""The cookies of browser sessions: out of reach of scripts, of other sites, and of neighbours."""

import pytest
from starlette.requests import Request
from starlette.responses import Response

from api.identity.sessions import SESSION, Sessions
from schemas.settings import Settings


def sessions(url):
    return Sessions(Settings(auth_callback_url=url), pool=None)


def asked(method="POST", **headers):
    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": method, "headers": named})


@pytest.mark.parametrize(
    ("url", "name", "is_secure"),
    [
        ("https://stock.example/auth/callback", "__Host-stockyard-session", True),
        ("http://localhost:8080/auth/callback", "stockyard-session", False),
        ("", "stockyard-session", False),
    ],
)
def test_a_cookie_is_bound_to_its_host_and_to_tls_where_there_is_any(url, name, is_secure):
    answer = Response()
    sessions(url).give(answer, SESSION, "x", 60)
    words = answer.headers["set-cookie"].split("; ")
    assert words[0] == f"{name}=x"
    assert {"HttpOnly", "Path=/", "SameSite=lax", "Max-Age=60"} <= set(words)
    assert ("Secure" in words) == is_secure
    assert not any(word.startswith("Domain") for word in words)


@pytest.mark.parametrize(
    ("headers", "shown"),
    [
        ({}, None),
        ({"sec_fetch_site": "same-origin"}, "x"),
        ({"sec_fetch_site": "same-site"}, None),
        ({"sec_fetch_site": "none"}, None),
        ({"origin": "http://localhost:8080"}, "x"),
        ({"origin": "http://localhost:8081"}, None),
        ({"origin": "null"}, None),
        ({"sec_fetch_site": "cross-site", "origin": "http://localhost:8080"}, None),
    ],
)
def test_what_changes_something_must_come_from_a_page_of_ours(headers, shown):
    known = sessions("http://localhost:8080/auth/callback")
    request = asked(cookie="stockyard-session=x", **headers)
    assert known.shown_by(request) == shown
    assert known.shown_by(asked("GET", cookie="stockyard-session=x", **headers)) == "x"


def test_without_an_address_of_ours_no_origin_is_ours():
    request = asked(cookie="stockyard-session=x", origin="")
    assert sessions("").shown_by(request) is None
