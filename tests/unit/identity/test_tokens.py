"""Bearer tokens: what is believed, what is not, and how keys come and go."""

import asyncio
import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey
from pydantic import ValidationError

from api.identity import issuer_keys
from api.identity.issuer_keys import IssuerKeys, KeysAwayError
from api.identity.remembered import Remembered
from api.identity.tokens import BadTokenError, Tokens
from deploy.machine import issuer
from schemas.settings import Settings

GOOD = {
    "iss": "https://id.example",
    "aud": ["other", "stock"],
    "sub": "ann",
    "tenant": "acme",
    "scope": "inventory:read openid",
}
EC = ECKey.generate_key("P-256", {"kid": "ec"})
RSA = RSAKey.generate_key(2048, {"kid": "rsa"})
ED = OKPKey.generate_key("Ed25519", {"kid": "ed"})
STRANGER = ECKey.generate_key("P-256", {"kid": "ec"})


def signed(key=EC, algorithm="ES256", header=None, **changes):
    claims = {**GOOD, "exp": int(time.time()) + 60, **changes}
    claims = {name: value for name, value in claims.items() if value is not None}
    named = {"alg": algorithm, "kid": key.kid, **(header or {})}
    return jwt.encode(named, claims, key, algorithms=[algorithm]).encode()


def settings(**others):
    return Settings(auth_issuer="https://id.example", auth_audience="stock", **others)


def keys_file(folder, *keys):
    file = folder / "jwks.json"
    file.write_text(json.dumps({"keys": [key.as_dict(private=False) for key in keys]}))
    return file


@pytest.fixture
def known(tmp_path):
    return settings(auth_jwks_file=str(keys_file(tmp_path, EC, RSA, ED)))


def caller(known, token):
    return asyncio.run(Tokens(known, IssuerKeys(known)).caller(token))


@pytest.mark.parametrize(
    ("key", "algorithm"), [(EC, "ES256"), (RSA, "RS256"), (ED, "Ed25519"), (ED, "EdDSA")]
)
@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
def test_a_good_token_says_who_asks(known, key, algorithm):
    found = caller(known, signed(key, algorithm))
    assert (found.tenant_id, found.subject, found.client) == ("acme", "ann", "acme/ann")
    assert "inventory.read" in found.permissions
    assert "inventory.write" not in found.permissions
    assert found.locations is None


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": int(time.time()) - 3600},
        {"exp": None},
        {"exp": "soon"},
        {"nbf": int(time.time()) + 3600},
        {"iss": "https://elsewhere.example"},
        {"iss": None},
        {"aud": "other"},
        {"aud": None},
        {"sub": None},
        {"sub": "two words"},
        {"tenant": None},
        {"tenant": "a/b"},
        {"tenant": 5},
        {"scope": 5},
        {"roles": {"admin": True}},
        {"locations": "MAIN"},
        {"locations": ["@vendor"]},
    ],
)
def test_a_token_with_a_wrong_claim_is_nobodys(known, changes):
    with pytest.raises(BadTokenError):
        caller(known, signed(**changes))


@pytest.mark.parametrize("seconds", [-20, 20])
def test_clocks_may_be_a_little_apart(known, seconds):
    at = int(time.time()) + seconds
    assert caller(known, signed(exp=at + 5, nbf=at, iat=at + 900)).subject == "ann"


def test_a_signature_by_somebody_else_is_refused(known):
    with pytest.raises(BadTokenError):
        caller(known, signed(STRANGER))
    head, body, signature = signed().split(b".")
    other = signed(tenant="other").split(b".")[1]
    with pytest.raises(BadTokenError):
        caller(known, b".".join((head, other, signature)))
    assert body != other


@pytest.mark.filterwarnings("ignore")
def test_no_public_key_passes_for_a_secret_and_none_is_no_signature(known):
    secret = OctKey.import_key(json.dumps(EC.as_dict(private=False)), {"kid": "ec"})
    for key, algorithm in ((secret, "HS256"), (RSA, "RS512"), (RSA, "PS256")):
        with pytest.raises(BadTokenError):
            caller(known, signed(key, algorithm, {"kid": "ec" if key is secret else "rsa"}))
    _, body, _ = signed().split(b".")
    bare = b"eyJhbGciOiJub25lIiwia2lkIjoiZWMifQ." + body + b"."
    with pytest.raises(BadTokenError):
        caller(known, bare)


@pytest.mark.parametrize(
    "token", [b"x", b"a.b.c", b"..", b"\xff.\xff.\xff", b"x" * 9_000, b"W10.W10.W10", b"bnVsbA.."]
)
def test_what_is_no_token_is_refused(known, token):
    with pytest.raises(BadTokenError):
        caller(known, token)


def test_permissions_come_from_scopes_roles_and_by_name(known):
    found = caller(known, signed(scope="inventory.adjust", scp=["nothing"], roles=["viewer"]))
    assert "inventory.adjust" in found.permissions
    assert "inventory.read" in found.permissions
    assert "inventory.write" not in found.permissions


def test_a_token_may_be_limited_to_locations_even_to_none(known):
    assert caller(known, signed(locations=["MAIN"])).locations == {"MAIN"}
    assert caller(known, signed(locations=[])).locations == frozenset()


def test_so_many_are_remembered_and_the_oldest_is_forgotten():
    now = [0.0]
    known = Remembered(lambda: now[0], 3)
    for number in range(5):
        known.keep(b"%d" % number, f"s{number}", 10.0)
    assert len(known) == 3
    assert [known.get(b"%d" % number) for number in range(5)] == [None, None, "s2", "s3", "s4"]
    now[0] = 10.0
    assert known.get(b"4") is None


def test_what_is_remembered_ends_with_the_token(known):
    strict = known.model_copy(update={"auth_clock_skew_seconds": 0.0})
    tokens = Tokens(strict, IssuerKeys(strict))
    token = signed(exp=int(time.time()) + 2)

    async def ask():
        assert (await tokens.caller(token)).subject == "ann"
        await asyncio.sleep(2.1)
        with pytest.raises(BadTokenError):
            await tokens.caller(token)

    asyncio.run(ask())


@contextmanager
def issuer_over_http(answers):
    """Answers with each of these in turn, and with the last one from then on."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            code, body = answers[min(len(asked), len(answers) - 1)]
            asked.append(self.path)
            self.send_response(code)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield settings(auth_jwks_url=f"http://127.0.0.1:{server.server_port}/keys"), asked
    finally:
        server.shutdown()
        server.server_close()


def jwks(*keys):
    return json.dumps({"keys": [key.as_dict(private=False) for key in keys]}).encode()


def test_a_new_key_is_fetched_when_it_is_named_and_the_issuer_is_not_asked_too_often(monkeypatch):
    with issuer_over_http([(200, jwks(EC)), (200, jwks(EC, RSA))]) as (known, asked):
        tokens = Tokens(known, IssuerKeys(known))

        async def ask():
            await asyncio.gather(*(tokens.caller(signed(sub=f"s{n}")) for n in range(20)))
            assert len(asked) == 1
            for number in range(20):
                with pytest.raises(BadTokenError):
                    await tokens.caller(signed(RSA, "RS256", sub=f"s{number}"))
            assert len(asked) == 1
            monkeypatch.setattr(issuer_keys, "AGAIN_SECONDS", 0.0)
            assert (await tokens.caller(signed(RSA, "RS256"))).subject == "ann"
            assert len(asked) == 2

        asyncio.run(ask())


def test_a_key_that_is_withdrawn_ends(monkeypatch):
    monkeypatch.setattr(issuer_keys, "AGAIN_SECONDS", 0.0)
    monkeypatch.setattr(issuer_keys, "OLD_SECONDS", 0.0)
    with issuer_over_http([(200, jwks(EC, RSA)), (200, jwks(RSA))]) as (known, _):
        keys = IssuerKeys(known)
        tokens = Tokens(known, keys)

        async def ask():
            await tokens.caller(signed(sub="first"))
            await tokens.caller(signed(sub="second"))  # the keys are old: fetched beside it
            await asyncio.sleep(0.3)
            with pytest.raises(BadTokenError):
                await tokens.caller(signed(sub="third"))

        asyncio.run(ask())


@pytest.mark.parametrize("answer", [(500, b""), (200, b"<html>"), (200, b'{"keys": 1}')])
def test_an_issuer_that_is_away_is_no_fault_of_the_caller(answer):
    with issuer_over_http([answer]) as (known, _):

        async def ask():
            with pytest.raises(KeysAwayError):
                await Tokens(known, IssuerKeys(known)).caller(signed())

        asyncio.run(ask())


@pytest.mark.parametrize(
    "url",
    ["https://id.example/keys?v=1", "https://id.example", "http://localhost:9/k", "http://[::1]/k"],
)
def test_keys_are_fetched_over_https_or_from_this_host(url):
    assert Settings(auth_jwks_url=url).has_issuer


def test_keys_for_other_uses_and_weak_ones_are_passed_over():
    with pytest.warns(UserWarning, match="2048"):
        weak = RSAKey.generate_key(1024, {"kid": "weak"})
    other = ECKey.generate_key("P-384", {"kid": "other"})
    hidden = ECKey.generate_key("P-256", {"kid": "hidden", "use": "enc"})
    secret = OctKey.generate_key(256, {"kid": "secret"})
    listed = [key.as_dict(private=False) for key in (weak, other, hidden, EC)]
    broken = [{"kty": "EC", "crv": "P-256"}, {**EC.as_dict(private=False), "x": 5}, {"kty": []}]
    content = json.dumps({"keys": [*listed, secret.as_dict(private=True), 5, *broken]}).encode()
    assert set(issuer_keys.read_keys(content)) == {"ec", None}


@pytest.mark.parametrize(
    "url",
    [
        "http://id.example/keys",
        "ftp://x",
        "http://localhost.evil/x",
        "http://localhost@evil/x",
        "https://user:secret@id.example/keys",
    ],
)
def test_keys_are_not_fetched_in_clear_over_a_network(url):
    with pytest.raises(ValidationError):
        Settings(auth_jwks_url=url)


def test_the_local_issuers_keys_are_its_owners_and_rotate(tmp_path):
    issuer.ensure(tmp_path)
    known = Settings(auth_jwks_file=str(issuer.public_file(tmp_path)))
    bearer = issuer.Bearer("acme", "ann", ["inventory:read"], locations=["MAIN"])
    tokens = [issuer.token(tmp_path, known, bearer).encode()]
    issuer.ensure(tmp_path)
    private = tmp_path / "issuer" / "private.json"
    assert private.stat().st_mode & 0o777 == 0o600
    assert '"d"' not in issuer.public_file(tmp_path).read_text()
    issuer.rotate(tmp_path)
    tokens.append(issuer.token(tmp_path, known, bearer).encode())
    for each in tokens:
        assert caller(known, each).locations == {"MAIN"}
    issuer.rotate(tmp_path)
    with pytest.raises(BadTokenError):
        caller(known, tokens[0])
    assert caller(known, tokens[1]).tenant_id == "acme"
