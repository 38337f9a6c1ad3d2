"""Which 1C session a call runs in: the publication's choice, or cookies that the gateway keeps.

A publication has `reuseSessions`: `dontuse` opens a session per call, `autouse` keeps a pool of
its own, `use` wants the client to say `IBSession: start` and to send the `ibsession` cookie back.
"""

from collections import deque
from collections.abc import Iterable
from typing import Final, Literal

import attrs
import trio

MAX_GIVEN_UP: Final = 200  # while 1C cannot be reached; older ones have expired by then

Headers = tuple[tuple[str, str], ...]
STARTING: Final[Headers] = (("IBSession", "start"),)

SessionMode = Literal["auto", "client", "off"]

_COOKIE: Final = "ibsession"


@attrs.define(eq=False)
class Session:
    """The 1C session of one call: the cookie it is sent with, or is given; None = neither."""

    cookie: str | None = None

    def learn(self, set_cookies: Iterable[str]) -> None:
        """Take the session that 1C gives, as soon as the answer's head is there."""
        self.cookie = session_in(set_cookies) or self.cookie


class Sessions:
    """The sessions that the gateway keeps in 1C; one call per session at a time.

    Each holds a licence until it is finished or expires, so every one is finished.

    Args:
        mode: `client` keeps sessions; `auto` does so once 1C asks for it; `off` never does.
        size: how many are kept between calls.
    """

    def __init__(self, *, mode: SessionMode, size: int) -> None:
        self._mode = mode
        self._size = size
        self._idle: list[str] = []  # the last one used is the least likely to have expired
        self._given_up: deque[str] = deque(maxlen=MAX_GIVEN_UP)
        self.something_given_up = trio.Event()

    @property
    def idle(self) -> int:
        """How many sessions wait for a call."""
        return len(self._idle)

    def take(self) -> Session:
        """The session for one call; the caller gives it back or gives it up."""
        return Session(self._idle.pop() if self._idle else None)

    def headers(self, session: Session) -> Headers:
        """The headers by which a call names its session."""
        if self._mode != "client":
            return ()
        return STARTING if session.cookie is None else continuing(session)

    def give_back(self, session: Session) -> None:
        """Keep the session of a call that 1C has answered."""
        if self._mode != "client" or session.cookie is None:
            return
        if len(self._idle) < self._size:
            self._idle.append(session.cookie)
        else:
            self.give_up(session)

    def give_up(self, session: Session) -> None:
        """Finish a session later instead of using it again: 1C may still be working in it."""
        if self._mode == "client" and session.cookie is not None:
            self._given_up.append(session.cookie)
            self.something_given_up.set()

    def begin_to_keep(self) -> bool:
        """Start to keep sessions, because 1C asks for it; False where the mode forbids it."""
        if self._mode == "auto":
            self._mode = "client"
        return self._mode == "client"

    def give_up_all(self) -> None:
        """Give up every session that waits for a call."""
        while self._idle:
            self.give_up(self.take())

    def next_given_up(self) -> Session | None:
        """The session that is to be finished next, if there is one."""
        if self._given_up:
            return Session(self._given_up.popleft())
        self.something_given_up = trio.Event()
        return None


def continuing(session: Session) -> Headers:
    """The headers of a call in a session that 1C has given."""
    return (("Cookie", f"{_COOKIE}={session.cookie}"),)


def finishing(session: Session) -> Headers:
    """The headers of the call that ends a session."""
    return (("IBSession", "finish"), *continuing(session))


def session_in(set_cookies: Iterable[str]) -> str | None:
    """The session that 1C gives its client, if it does."""
    for line in set_cookies:
        name, _, value = line.partition(";")[0].partition("=")
        if name.strip().lower() == _COOKIE and value.strip():
            return value.strip()
    return None
