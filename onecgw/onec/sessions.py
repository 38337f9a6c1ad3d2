"""Which 1C session a call runs in: the publication's choice, or cookies that the gateway keeps.

A publication has `reuseSessions`: `dontuse` opens a session per call, `autouse` keeps a pool of
its own, `use` wants the client to say `IBSession: start` and to send the `ibsession` cookie back.
"""

from collections.abc import Iterable
from typing import Final, Literal

SessionMode = Literal["auto", "client", "off"]

_COOKIE: Final = "ibsession"


class Sessions:
    """The sessions that the gateway keeps in 1C; one call per session at a time.

    Args:
        mode: `client` keeps sessions; `auto` does so once 1C asks for it; `off` never does.
        size: how many are kept between calls.
    """

    def __init__(self, *, mode: SessionMode, size: int) -> None:
        self._mode = mode
        self._size = size
        self._idle: list[str] = []  # the last one used is the least likely to have expired

    @property
    def idle(self) -> int:
        """How many sessions wait for a call."""
        return len(self._idle)

    def take(self) -> str | None:
        """The cookie for one call, or None: the call starts a session, or has none to care for."""
        return self._idle.pop() if self._idle else None

    def headers(self, cookie: str | None) -> tuple[tuple[str, str], ...]:
        """What a call says about its session."""
        if self._mode != "client":
            return ()
        return (("IBSession", "start"),) if cookie is None else (("Cookie", _pair(cookie)),)

    def give_back(self, cookie: str | None, set_cookies: Iterable[str]) -> None:
        """Keep the session of a call that 1C has answered."""
        cookie = session_in(set_cookies) or cookie
        if self._mode == "client" and cookie is not None and len(self._idle) < self._size:
            self._idle.append(cookie)

    def begin_to_keep(self) -> bool:
        """1C wants its client to keep the sessions; False if that is not to be."""
        if self._mode == "auto":
            self._mode = "client"
        return self._mode == "client"

    def finish(self) -> tuple[tuple[tuple[str, str], ...], ...]:
        """The headers of the calls that end the idle sessions; none is kept any more."""
        cookies, self._idle = self._idle, []
        return tuple((("IBSession", "finish"), ("Cookie", _pair(cookie))) for cookie in cookies)


def _pair(cookie: str) -> str:
    return f"{_COOKIE}={cookie}"


def session_in(set_cookies: Iterable[str]) -> str | None:
    """The session that 1C gives its client, if it does."""
    for line in set_cookies:
        name, _, value = line.partition(";")[0].partition("=")
        if name.strip().lower() == _COOKIE and value.strip():
            return value.strip()
    return None
