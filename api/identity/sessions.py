"""Browser sessions: a cookie that means nothing by itself, and who it stands for in the database."""

from secrets import token_urlsafe
from time import monotonic
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from api.identity.claims import Caller
from api.identity.remembered import Remembered
from api.identity.tokens import BadTokenError
from ledger.api_keys import hash_of
from ledger.sessions import SignedIn, begin, end, find
from ledger.views.pool import Pool
from schemas.settings import Settings

REMEMBERED_SECONDS: Final = 2.0
"""Other edges know so late that somebody has signed out."""
SESSION: Final = "stockyard-session"
_SAFE_METHODS: Final = {"GET", "HEAD", "OPTIONS"}


class Sessions:
    """The sessions that were shown lately, and the cookies that carry them."""

    def __init__(self, settings: Settings, pool: Pool) -> None:
        self._pool = pool
        self._known = Remembered(monotonic)
        self._seconds_max = settings.auth_session_seconds
        self._origin, self.is_secure = _origin(settings.auth_callback_url)

    def cookie_name(self, name: str) -> str:
        """Under a name that no neighbouring host may set, where the edge is reached over TLS."""
        return f"__Host-{name}" if self.is_secure else name

    def shown_by(self, request: Request) -> str | None:
        """The session that a request's cookie shows, if the request may use it.

        Another site can make a browser send the cookie along with a form: what changes something
        must come from a page of ours, which only the browser itself can say.
        """
        if request.method not in _SAFE_METHODS and not self._is_from_us(request):
            return None
        return request.cookies.get(self.cookie_name(SESSION))

    def _is_from_us(self, request: Request) -> bool:
        site = request.headers.get("sec-fetch-site")
        if site is not None:
            return site == "same-origin"
        return bool(self._origin) and request.headers.get("origin") == self._origin

    async def caller(self, shown: str) -> Caller:
        """Who is signed in.

        Raises:
            BadTokenError: nobody, or nobody any more.
            psycopg.Error: the database is away.
        """
        return await self._known.caller(hash_of(shown.encode()), self._found)

    async def _found(self, named: bytes) -> tuple[Caller, float]:
        found = await find(self._pool, named)
        if found is None:
            raise BadTokenError("unknown or ended session")
        who = Caller(
            found.tenant_id,
            found.subject,
            f"{found.tenant_id}/{found.subject}",
            frozenset(found.permissions),
            None if found.locations is None else frozenset(found.locations),
        )
        return who, min(REMEMBERED_SECONDS, found.seconds_left)

    async def begin(self, who: Caller, seconds: float, answer: Response) -> None:
        """Sign somebody in, for as long as their token is good, and give the browser its cookie."""
        shown, seconds = token_urlsafe(32), min(seconds, self._seconds_max)
        locations = None if who.locations is None else sorted(who.locations)
        kept = SignedIn(who.tenant_id, who.subject, sorted(who.permissions), locations, seconds)
        await begin(self._pool, hash_of(shown.encode()), kept)
        self.give(answer, SESSION, shown, int(seconds))

    async def end(self, shown: str, answer: Response) -> None:
        """Sign them out, here at once."""
        named = hash_of(shown.encode())
        await end(self._pool, named)
        self._known.forget(named)
        self.take_back(answer, SESSION)

    def give(self, answer: Response, name: str, value: str, seconds: int) -> None:
        """A cookie that scripts cannot read and other sites' forms do not send."""
        answer.set_cookie(
            self.cookie_name(name),
            value,
            max_age=seconds,
            path="/",
            secure=self.is_secure,
            httponly=True,
            samesite="lax",
        )

    def take_back(self, answer: Response, name: str) -> None:
        """Let the browser forget a cookie."""
        self.give(answer, name, "", 0)


def _origin(url: str) -> tuple[str, bool]:
    """Where pages of ours come from, and whether over TLS."""
    scheme, _, rest = url.partition("://")
    return (f"{scheme}://{rest.partition('/')[0]}" if rest else ""), scheme == "https"
