"""Answers kept for a while, and one 1C call for identical calls in flight."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Final

import attrs
import trio

from onecgw.backends.scheduling.limiter import OnecBusy
from onecgw.backends.scheduling.single_flight import SingleFlight
from onecgw.errors import OnecError, OnecTimeout

_OVERHEAD_BYTES: Final = 512  # of an entry beside its body: the key, the dictionary's slot


@attrs.frozen(kw_only=True)
class CachedAnswer:
    """An answer. hit: it needed no 1C call of its own (it was kept, or shared in flight)."""

    body: bytes
    hit: bool


@attrs.frozen
class _Entry:
    body: bytes
    expires_at: float


def _is_shared(error: Exception) -> bool:
    """Whether the callers that wait get the error too; a timeout or a full queue is not shared."""
    return isinstance(error, OnecError) and not isinstance(error, OnecTimeout | OnecBusy)


class AnswerCache:
    """Bounded in time, entries and bytes; the least recently used goes first.

    Errors are never kept.

    Args:
        ttl_seconds: how long an answer is good for; 0 = none is kept, calls in flight are shared.
        max_entries: how many answers at most.
        max_bytes: how large they may be together.

    Attributes:
        hits: lookups that needed no 1C call of their own. misses: those that did.
    """

    def __init__(self, *, ttl_seconds: float, max_entries: int, max_bytes: int) -> None:
        self._ttl_seconds = ttl_seconds
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._size_bytes = 0
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()
        self.hits = self.misses = 0
        self._calls = SingleFlight[Hashable, bytes](shares=_is_shared)

    async def fetch(self, key: Hashable, call: Callable[[], Awaitable[bytes]]) -> CachedAnswer:
        """The answer for a key: kept, shared with a call in flight, or got by `call`.

        Raises:
            OnecError: what `call` raised, here or in the flight that was shared.
        """

        async def call_and_keep() -> bytes:
            body = await call()
            self._keep(key, body)
            return body

        body, hit = await self._calls.run(key, call_and_keep, known=lambda: self._kept(key))
        self.hits += hit
        self.misses += not hit
        return CachedAnswer(body=body, hit=hit)

    def _kept(self, key: Hashable) -> bytes | None:
        entry = self._entries.get(key)
        if entry is None:
            return None
        if entry.expires_at <= trio.current_time():
            self._drop(key)
            return None
        self._entries.move_to_end(key)
        return entry.body

    def _keep(self, key: Hashable, body: bytes) -> None:
        size_bytes = len(body) + _OVERHEAD_BYTES
        if not self._ttl_seconds or size_bytes > self._max_bytes:
            return
        self._entries[key] = _Entry(body, trio.current_time() + self._ttl_seconds)
        self._size_bytes += size_bytes
        while self._size_bytes > self._max_bytes or len(self._entries) > self._max_entries:
            self._drop(next(iter(self._entries)))

    def _drop(self, key: Hashable) -> None:
        entry = self._entries.pop(key)
        self._size_bytes -= len(entry.body) + _OVERHEAD_BYTES
