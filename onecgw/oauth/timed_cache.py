"""A cache whose concurrent loads of one key are a single load."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

import attrs

from onecgw.backends.scheduling.single_flight import SingleFlight

T = TypeVar("T")
Loader = Callable[[], Awaitable[tuple[T, float]]]
"""Returns a value and for how many seconds it may be kept; 0: it is only given to the waiters."""


@attrs.frozen(kw_only=True)
class _CachedValue(Generic[T]):
    value: T
    loaded_at: float
    kept_seconds: float


class TimedCache(Generic[T]):
    """Keeps values by key, each for its own time.

    Args:
        max_entries: the oldest entry is dropped beyond that.
        now: the clock, in seconds since the epoch.
    """

    def __init__(self, *, max_entries: int, now: Callable[[], float]) -> None:
        self._max_entries = max_entries
        self._now = now
        self._entries: OrderedDict[Hashable, _CachedValue[T]] = OrderedDict()
        self._loads = SingleFlight[Hashable, _CachedValue[T]]()

    async def get(self, key: Hashable, load: Loader[T]) -> T:
        """The value of a key, loaded if it is not kept.

        Cancellation and failure of the loading caller are not shared: the next waiter loads.
        """
        entry, _ = await self._loads.run(
            key, lambda: self._load(key, load), known=lambda: self._kept(key)
        )
        return entry.value

    def _kept(self, key: Hashable) -> _CachedValue[T] | None:
        entry = self._entries.get(key)
        # After the clock was set back, `loaded_at` lies in the future: the entry is then as old
        # as the difference, or it would be kept until the clock gets there again.
        if entry is not None and abs(self._now() - entry.loaded_at) < entry.kept_seconds:
            return entry
        return None

    async def _load(self, key: Hashable, load: Loader[T]) -> _CachedValue[T]:
        value, kept_seconds = await load()
        entry = _CachedValue(value=value, loaded_at=self._now(), kept_seconds=kept_seconds)
        self._entries.pop(key, None)
        if kept_seconds:
            self._entries[key] = entry
            if len(self._entries) > self._max_entries:
                self._entries.popitem(last=False)
        return entry
