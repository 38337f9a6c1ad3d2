"""Rate limits of the OAuth endpoints."""

from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

import trio
from quart import request

from onecgw.errors import RateLimited
from onecgw.gateway.rate_limit import CallRate
from onecgw.oauth.events import EventRecorder
from onecgw.peers import LOGIN_RATE, WRONG_KEY, Peers
from onecgw.web.oauth.responses import request_origin

SECONDS_PER_MINUTE: Final = 60
PAUSE_SECONDS: Final = 2
MAX_WAITING: Final = 20  # attempts that wait for their turn


class WrongKeyLimit:
    """Limits wrong keys from all addresses together.

    At the limit, keys are checked one at a time and after a pause, so that the person with the
    right key still gets in. An attempt counts as wrong until it has ended: otherwise any number of
    attempts could begin at the same time.

    Args:
        per_minute: wrong keys in a minute without a pause; 0 = no limit.
        peers: the processes that count the same wrong keys.
    """

    def __init__(self, per_minute: int, *, peers: Peers | None = None) -> None:
        self._per_minute = per_minute
        self._peers = peers or Peers()
        self._peers.subscribe(WRONG_KEY, lambda _: self._count_wrong())
        self._running = 0
        self._wrong_at: deque[float] = deque(maxlen=per_minute)
        self._turn = trio.Lock()

    @asynccontextmanager
    async def attempt(self) -> AsyncIterator[None]:
        """Check a key within the block.

        Raises:
            RateLimited: too many attempts wait.
        """
        if not self._per_minute or self._count() + self._running < self._per_minute:
            self._running += 1
            try:
                yield
            finally:
                self._running -= 1
            return
        waiting = self._turn.statistics().tasks_waiting
        if waiting >= MAX_WAITING:
            raise RateLimited(
                "too many attempts with wrong keys", retry_after_seconds=waiting * PAUSE_SECONDS
            )
        async with self._turn:
            await trio.sleep(PAUSE_SECONDS)
            yield

    def count_wrong(self) -> None:
        """Count a wrong key."""
        self._count_wrong()
        self._peers.publish(WRONG_KEY, None)

    def _count_wrong(self) -> None:
        if self._per_minute:
            self._wrong_at.append(trio.current_time())

    def _count(self) -> int:
        since = trio.current_time() - SECONDS_PER_MINUTE
        return sum(at > since for at in self._wrong_at)


class AuditedRateLimit:
    """A token bucket for each client or address, which records its refusals in the audit.

    Args:
        record_event: writes to the audit.
        per_minute: as CallRate's calls_per_minute; 0 = no limit.
        name: one that no other limit has. peers: the processes that count the same requests.
        refill: as CallRate's refill.
    """

    def __init__(
        self,
        record_event: EventRecorder,
        per_minute: int,
        *,
        name: str,
        peers: Peers | None = None,
        refill: float = 1,
    ) -> None:
        self._record_event = record_event
        topic = f"{LOGIN_RATE}.{name}"
        self._rate = CallRate(per_minute, refill=refill, peers=peers, topic=topic)
        self._record_rate = CallRate(1)

    def take(self, bucket: str, *, client: str = "") -> None:
        """Count a request. client: its name for the audit, "" if unknown.

        Raises:
            RateLimited: the bucket is empty.
        """
        try:
            self._rate.take(bucket)
        except RateLimited:
            with suppress(RateLimited):  # one record a minute is enough
                self._record_rate.take(bucket)
                self._record_event(
                    "ratelimit.hit", request_origin(), client=client, detail=request.path
                )
            raise
