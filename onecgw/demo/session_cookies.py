"""1C's sessions over HTTP: a client may keep one by a cookie, so that 1C need not open another."""

from typing import Final
from uuid import uuid4

_COOKIE: Final = "ibsession"
_MAX_SESSIONS: Final = 1_000


class SessionCookies:
    """The sessions that clients keep open."""

    def __init__(self) -> None:
        self._open: dict[str, None] = {}

    def expired(self, cookies: dict[str, str]) -> bool:
        """Whether a call names a session that is not there (any more)."""
        return _COOKIE in cookies and cookies[_COOKIE] not in self._open

    def after_call(self, directive: str | None, cookies: dict[str, str]) -> str | None:
        """Start or finish a session as the IBSession header says; return the cookie to set."""
        session = cookies.get(_COOKIE, "")
        if directive == "finish":
            self._open.pop(session, None)
        if directive != "start" or session in self._open:
            return None
        if len(self._open) >= _MAX_SESSIONS:
            self._open.pop(next(iter(self._open)))
        session = str(uuid4())
        self._open[session] = None
        return f"{_COOKIE}={session}; Path=/; HttpOnly"
