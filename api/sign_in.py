"""Signing in with a browser: OpenID Connect's code flow with PKCE, which ends in a session of ours.

The issuer's tokens never reach the browser. PKCE and `state`, both kept in one cookie, bind what the
issuer sends back to the browser that asked for it.
"""

import asyncio
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from secrets import compare_digest, token_urlsafe
from typing import Annotated, Final
from urllib.parse import parse_qsl, urlencode

import httpx2
import orjson
from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from api.caller import caller
from api.connections import Connections, connections_of
from api.identity.claims import Caller
from api.identity.issuer_keys import KeysAwayError
from api.identity.tokens import BadTokenError
from api.problems import ISSUER_AWAY, NO_SIGN_IN, SIGN_IN_FAILED, Refused, later
from api.reads import read
from schemas.problems import problem
from schemas.settings import Settings

router = APIRouter(prefix="/auth", tags=["Sign-in"], include_in_schema=False)

LOGIN: Final = "stockyard-login"
LOGIN_SECONDS: Final = 600
TOKEN_SECONDS: Final = 5.0
SECRET_BYTES: Final = 32
SEE_OTHER: Final = 303


@router.get("/login")
async def login(request: Request) -> Response:
    """To the issuer's own page; `to` is the path of ours to come back to."""
    connections = _offering(request)
    settings, sessions = connections.settings, connections.sessions
    state, verifier = token_urlsafe(SECRET_BYTES), token_urlsafe(SECRET_BYTES)
    challenge = urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "response_type": "code",
        "client_id": settings.auth_client_id,
        "redirect_uri": settings.auth_callback_url,
        "scope": settings.auth_login_scope,
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    separator = "&" if "?" in settings.auth_authorize_url else "?"
    answer = RedirectResponse(
        f"{settings.auth_authorize_url}{separator}{urlencode(asked)}", SEE_OTHER
    )
    kept = urlencode({"s": state, "v": verifier, "to": _ours(request.query_params.get("to", "/"))})
    sessions.give(answer, LOGIN, urlsafe_b64encode(kept.encode()).decode(), LOGIN_SECONDS)
    return answer


def _ours(path: str) -> str:
    """A path of this host; a browser must not be sent elsewhere by a link to us."""
    is_fit = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if is_fit else "/"


@router.get("/callback")
async def callback(request: Request) -> Response:
    """From the issuer's page: what it sent along becomes a session, if this browser asked for it."""
    connections = _offering(request)
    kept = _kept(request, connections)
    given = request.query_params
    if not kept.get("s") or not _same(kept["s"], given.get("state", "")):
        raise Refused(problem(SIGN_IN_FAILED, "this browser did not ask for it, or too long ago"))
    if not given.get("code"):
        raise Refused(problem(SIGN_IN_FAILED, "the issuer did not agree"))
    token = await _exchanged(connections.settings, given["code"], kept["v"])
    try:
        who, seconds = await connections.tokens.bearer(token)
    except BadTokenError as error:
        raise Refused(problem(SIGN_IN_FAILED, "the issuer's token is not for here")) from error
    except KeysAwayError as error:
        raise later(ISSUER_AWAY, "the issuer's keys cannot be had") from error
    answer = RedirectResponse(_ours(kept.get("to", "/")), SEE_OTHER)
    await read(connections.sessions.begin(who, seconds, answer))
    connections.sessions.take_back(answer, LOGIN)
    return answer


@router.post("/logout")
async def logout(request: Request, _: Annotated[Caller, Depends(caller)]) -> Response:
    """End the browser's session."""
    answer, sessions = Response(status_code=204), connections_of(request).sessions
    if shown := sessions.shown_by(request):
        await read(sessions.end(shown, answer))
    return answer


def _offering(request: Request) -> Connections:
    """The connections of an edge that offers to sign in.

    Raises:
        Refused: 404, it does not.
    """
    connections = connections_of(request)
    if not connections.settings.offers_sign_in:
        raise Refused(problem(NO_SIGN_IN, "ERP_AUTH_CLIENT_ID and its URLs are not set"))
    return connections


def _kept(request: Request, connections: Connections) -> dict[str, str]:
    """What this browser kept of its way to the issuer; nothing if that is no cookie of ours."""
    cookie = request.cookies.get(connections.sessions.cookie_name(LOGIN), "")
    try:
        return dict(parse_qsl(urlsafe_b64decode(cookie).decode()))
    except ValueError:
        return {}


def _same(kept: str, given: str) -> bool:
    return compare_digest(kept.encode(), given.encode())


async def _exchanged(settings: Settings, code: str, verifier: str) -> bytes:
    """The access token that the issuer gives for the code.

    Raises:
        Refused: 400, it gives none; 503, it is away.
    """
    sent = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": settings.auth_callback_url,
        "client_id": settings.auth_client_id,
        "code_verifier": verifier,
    }
    if secret := settings.auth_client_secret.get_secret_value():
        sent["client_secret"] = secret
    try:
        async with asyncio.timeout(TOKEN_SECONDS), httpx2.AsyncClient() as client:
            answer = await client.post(settings.auth_token_url, data=sent)
    except (httpx2.HTTPError, OSError) as error:
        raise later(ISSUER_AWAY, "the issuer does not answer") from error
    try:
        token = orjson.loads(answer.content)["access_token"] if answer.is_success else None
    except (ValueError, LookupError, TypeError):
        token = None
    if not isinstance(token, str):
        raise Refused(problem(SIGN_IN_FAILED, "the issuer gave no token"))
    return token.encode()
