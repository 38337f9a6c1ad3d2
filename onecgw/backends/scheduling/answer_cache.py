"""Answers kept for a while, and one 1C call for identical calls in flight."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Final

import attrs
import trio

from onecgw.backends.scheduling.limiter import OnecBusy
from onecgw.errors import OnecError, OnecTimeout

_OVERHEAD_BYTES: Final = 512  # of an entry beside its body: the key, the dictionary's slot


@attrs.frozen(kw_only=True)
class CachedAnswer:
    """An answer, and whether it cost no 1C call of its own (kept, or shared in flight)."""

    body: bytes
    hit: bool


@attrs.define(eq=False)
class _Flight:
    done: trio.Event = attrs.field(factory=trio.Event)
    outcome: bytes | OnecError | None = None  # None: the leader was given up, somebody else leads


@attrs.frozen
class _Entry:
    body: bytes
    expires_at: float


class AnswerCache:
    """Bounded in time, entries and bytes; the least recently used goes first.

    Errors are never kept.

    Args:
        ttl_seconds: how long an answer is good for; 0 = none is kept, calls in flight are shared.
        max_entries: how many answers at most.
        max_bytes: how large they may be together.
    """

    def __init__(self, *, ttl_seconds: float, max_entries: int, max_bytes: int) -> None:
        self._ttl_seconds = ttl_seconds
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._size_bytes = 0
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()
        self._flights: dict[Hashable, _Flight] = {}

    async def fetch(self, key: Hashable, call: Callable[[], Awaitable[bytes]]) -> CachedAnswer:
        """The answer for a key: kept, shared with a call in flight, or got by `call`.

        The first caller runs `call` in its own task, inside its own deadline; the others wait for
        its answer or its error. What befell only the leader (it was cancelled, its time was up,
        it was refused a place) is not shared: a waiter leads instead.

        Raises:
            OnecError: what `call` raised, here or in the flight that was shared.
        """
        while True:
            kept = self._kept(key)  # anew after each flight: a quick leader may have been before us
            if kept is not None:
                return CachedAnswer(body=kept, hit=True)
            flight = self._flights.get(key)
            if flight is None:
                return CachedAnswer(body=await self._lead(key, call), hit=False)
            await flight.done.wait()
            match flight.outcome:
                case bytes(body):
                    return CachedAnswer(body=body, hit=True)
                case OnecError() as error:
                    # A copy: an exception that several tasks raise mixes their tracebacks.
                    seconds = error.retry_after_seconds
                    raise type(error)(error.message, retry_after_seconds=seconds) from error

    async def _lead(self, key: Hashable, call: Callable[[], Awaitable[bytes]]) -> bytes:
        flight = self._flights[key] = _Flight()
        try:
            body = await call()
        except (OnecTimeout, OnecBusy):
            raise
        except OnecError as error:
            flight.outcome = error
            raise
        else:
            flight.outcome = body
            self._keep(key, body)
            return body
        finally:
            del self._flights[key]
            flight.done.set()

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
