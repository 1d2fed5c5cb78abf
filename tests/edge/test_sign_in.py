"""Signing in with a browser: only who asked for it gets in, and no other site can use the session."""

import json
import threading
from base64 import urlsafe_b64encode
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx2
import pytest

from deploy.machine.ports import free_port
from identities import jwks_file, token
from processes import eventually, start
from running import AVAILABILITY, RESERVATIONS, headers, order

US = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture(scope="module")
def issuer():
    """Gives the token that a test puts here, for the code `good` and the verifier that was promised."""
    kept = SimpleNamespace(challenge="", token=token("inventory:read", seconds=600), asked=[])

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            length = int(self.headers["Content-Length"])
            asked = dict(parse_qsl(self.rfile.read(length).decode()))
            kept.asked.append(asked)
            proved = urlsafe_b64encode(sha256(asked["code_verifier"].encode()).digest())
            is_good = asked["code"] == "good" and proved.decode().rstrip("=") == kept.challenge
            body = json.dumps({"access_token": kept.token} if is_good else {"error": "no"}).encode()
            self.send_response(200 if is_good else 400)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    kept.url = f"http://127.0.0.1:{server.server_port}"
    yield kept
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def edge(stockyard, issuer, tmp_path_factory):
    """The address of an edge that offers to sign in."""
    port, log = free_port(), tmp_path_factory.mktemp("sign-in") / "edge.log"
    address = f"http://127.0.0.1:{port}"
    process = start(
        stockyard.settings,
        log,
        "edge",
        http_port=port,
        auth_jwks_file=jwks_file(),
        auth_client_id="workbench",
        auth_authorize_url=f"{issuer.url}/authorize",
        auth_token_url=f"{issuer.url}/token",
        auth_callback_url=f"{address}/auth/callback",
    )
    process.health_port = port
    eventually("the edge is ready", process.is_ready)
    yield address
    process.kill()


@pytest.fixture
def browser(edge):
    with httpx2.Client(base_url=edge, timeout=30) as client:
        yield client


def asked(browser, issuer, to="/livez"):
    """Go to sign in; what the issuer's page is asked."""
    answer = browser.get("/auth/login", params={"to": to})
    assert answer.status_code == 303
    place = urlsplit(answer.headers["location"])
    query = {name: values[0] for name, values in parse_qs(place.query).items()}
    issuer.challenge = query["code_challenge"]
    return query


def signed_in(browser, issuer, to="/livez"):
    state = asked(browser, issuer, to)["state"]
    answer = browser.get("/auth/callback", params={"state": state, "code": "good"})
    assert answer.status_code == 303, answer.text
    return answer


def test_who_signs_in_may_what_their_token_lets_them(browser, issuer):
    assert browser.get(AVAILABILITY).status_code == 401
    answer = signed_in(browser, issuer, "/livez?x=1")
    assert answer.headers["location"] == "/livez?x=1"
    (session,) = [each for each in answer.headers.get_list("set-cookie") if "session" in each]
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(session.split("; "))
    assert issuer.token not in str(answer.headers)
    assert browser.get(AVAILABILITY).status_code == 200
    told = {**headers(), **US}
    assert browser.post(RESERVATIONS, json=order("A"), headers=told).status_code == 403


def test_the_issuer_is_asked_as_the_standard_has_it(browser, issuer, edge):
    query = asked(browser, issuer)
    assert query["response_type"] == "code"
    assert query["code_challenge_method"] == "S256"
    assert query["redirect_uri"] == f"{edge}/auth/callback"
    assert query["client_id"] == "workbench"
    assert "openid" in query["scope"].split()
    assert asked(browser, issuer)["state"] != query["state"]


@pytest.mark.parametrize(
    "given",
    [{}, {"code": "good"}, {"state": "x", "code": "good"}, {"state": "\u00e4", "code": "good"}],
)
def test_what_this_browser_did_not_ask_for_signs_nobody_in(browser, issuer, given):
    asked(browser, issuer)
    answer = browser.get("/auth/callback", params=given)
    assert answer.status_code == 400
    assert browser.get(AVAILABILITY).status_code == 401


def test_a_code_of_another_browser_signs_nobody_in(browser, issuer, edge):
    with httpx2.Client(base_url=edge, timeout=30) as other:
        state = asked(other, issuer)["state"]
        answer = browser.get("/auth/callback", params={"state": state, "code": "good"})
        assert answer.status_code == 400
        asked(browser, issuer)  # the issuer keeps the challenge of the last one
        answer = other.get("/auth/callback", params={"state": state, "code": "good"})
        assert answer.status_code == 400


@pytest.mark.parametrize("code", ["bad", ""])
def test_a_code_that_the_issuer_does_not_take_signs_nobody_in(browser, issuer, code):
    state = asked(browser, issuer)["state"]
    answer = browser.get("/auth/callback", params={"state": state, "code": code})
    assert answer.status_code == 400


def test_a_token_for_somebody_else_signs_nobody_in(browser, issuer, monkeypatch):
    monkeypatch.setattr(issuer, "token", token(seconds=-3600))
    state = asked(browser, issuer)["state"]
    answer = browser.get("/auth/callback", params={"state": state, "code": "good"})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "to", ["https://evil.example", "//evil.example", "/\\evil", "", "/\t/evil"]
)
def test_nobody_is_sent_elsewhere_after_signing_in(browser, issuer, to):
    assert signed_in(browser, issuer, to).headers["location"] == "/"


def test_no_other_site_can_write_with_the_session(browser, issuer, monkeypatch, stockyard, edge):
    monkeypatch.setattr(issuer, "token", token(seconds=600))
    signed_in(browser, issuer)
    body = order(stockyard.stock())
    for site in ({}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        answer = browser.post(RESERVATIONS, json=body, headers={**headers(), **site})
        assert answer.status_code == 401, site
    for site in (US, {"Origin": edge}):
        answer = browser.post(RESERVATIONS, json=body, headers={**headers(), **site})
        assert answer.status_code == 201, answer.text


def test_who_signs_out_is_out(browser, issuer):
    signed_in(browser, issuer)
    cookies = dict(browser.cookies)
    assert browser.post("/auth/logout").status_code == 401
    assert browser.post("/auth/logout", headers=US).status_code == 204
    assert browser.get(AVAILABILITY).status_code == 401
    browser.cookies.update(cookies)
    assert browser.get(AVAILABILITY).status_code == 401


def test_a_bad_token_is_not_saved_by_a_good_session(browser, issuer):
    signed_in(browser, issuer)
    shown = {"Authorization": "Bearer x"}
    assert browser.get(AVAILABILITY, headers=shown).status_code == 401


def test_where_nothing_is_configured_nobody_can_sign_in(stockyard):
    for path in ("/auth/login", "/auth/callback"):
        assert stockyard.get(path).status_code == 404
