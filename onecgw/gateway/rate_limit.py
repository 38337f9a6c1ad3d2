"""How many calls one caller may make: a guard of 1C against a runaway loop."""

import math
from collections import OrderedDict
from typing import Final

import trio

from onecgw.errors import RateLimited
from onecgw.locales.text import say
from onecgw.peers import Peers

MAX_CALLERS: Final = 10_000  # remembered at once; the longest idle is forgotten first
SECONDS_PER_MINUTE: Final = 60


class CallRate:
    """A token bucket per caller, as deep as one minute's calls. 0 calls per minute = no limit.

    Args:
        calls_per_minute: the size of the bucket.
        refill: the part of the bucket that is filled again in a minute.
        peers: the processes that count the same calls. topic: of these, there.
    """

    def __init__(
        self,
        calls_per_minute: int,
        *,
        refill: float = 1,
        peers: Peers | None = None,
        topic: str = "",
    ) -> None:
        self._peers = peers
        self._topic = topic
        if peers is not None:
            peers.subscribe(topic, self._take)
        self._capacity = calls_per_minute
        self._per_second = calls_per_minute * refill / SECONDS_PER_MINUTE
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, sub: str) -> None:
        """Count one call of a caller.

        Raises:
            RateLimited: it is one too many; says in how many seconds to go on.
        """
        if not self._capacity:
            return
        tokens = self._take(sub)
        if tokens < 1:
            wait_seconds = math.ceil((1 - tokens) / self._per_second)
            raise RateLimited(
                say("errors.rate", calls=self._capacity, seconds=wait_seconds),
                retry_after_seconds=wait_seconds,
            )
        if self._peers is not None:
            self._peers.publish(self._topic, sub)

    def _take(self, sub: str) -> float:
        """Take a token, if there is one; return how many there were."""
        now = trio.current_time()
        tokens, counted_at = self._buckets.pop(sub, (float(self._capacity), now))
        tokens = min(self._capacity, tokens + (now - counted_at) * self._per_second)
        self._buckets[sub] = (tokens - (tokens >= 1), now)
        if len(self._buckets) > MAX_CALLERS:
            self._buckets.popitem(last=False)
        return tokens
