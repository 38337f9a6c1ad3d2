"""Concurrency limiter: at most so many calls in 1C at once, with fair turns between callers."""

import math
from collections import OrderedDict, deque
from typing import Final

import attrs
import trio

from onecgw.errors import OnecUnavailable
from onecgw.locales.text import say

_LATEST_WEIGHT: Final = 0.2  # in the moving average of the time that a call holds its place


class OnecBusy(OnecUnavailable):
    """The gateway did not call 1C: the queue is full, or the call would wait past its deadline."""


@attrs.define(eq=False)
class _QueuedCall:
    sub: str
    admitted: trio.Event = attrs.field(factory=trio.Event)


class Limiter:
    """Hands out the places in 1C, round-robin by caller.

    A place is taken with `enter` and given back with `leave`, always.

    Args:
        places: how many calls may be in 1C at once.
        max_waiting: how many more may wait.
    """

    def __init__(self, *, places: int, max_waiting: int) -> None:
        self.places = places
        self.max_waiting = max_waiting
        self.in_flight = 0
        self.waiting = 0
        self._queues: OrderedDict[str, deque[_QueuedCall]] = OrderedDict()
        self._seconds_per_call = 0.0

    async def enter(self, sub: str) -> None:
        """Wait for a place in 1C.

        Raises:
            OnecBusy: too many wait, or the turn would come after the caller's deadline.
        """
        if self.in_flight < self.places and not self.waiting:
            self.in_flight += 1
            return
        await (
            trio.lowlevel.checkpoint_if_cancelled()
        )  # a cancelled call is not reported as a refused one
        self._refuse_if_too_late(sub)
        waiter = _QueuedCall(sub)
        self._queues.setdefault(sub, deque()).append(waiter)
        self.waiting += 1
        try:
            await waiter.admitted.wait()
        except trio.Cancelled:
            if waiter.admitted.is_set():  # admitted and cancelled at the same moment
                self._pass_on()
            else:
                self._give_up(waiter)
            raise

    def leave(self, held_seconds: float) -> None:
        """Give the place back after it was held for so long."""
        latest = held_seconds - self._seconds_per_call
        self._seconds_per_call += _LATEST_WEIGHT * latest
        self._pass_on()

    def _pass_on(self) -> None:
        if not self._queues:
            self.in_flight -= 1
            return
        sub, queue = next(iter(self._queues.items()))
        waiter = queue.popleft()
        if queue:
            self._queues.move_to_end(sub)
        else:
            del self._queues[sub]
        self.waiting -= 1
        waiter.admitted.set()

    def _give_up(self, waiter: _QueuedCall) -> None:
        queue = self._queues[waiter.sub]
        queue.remove(waiter)
        if not queue:
            del self._queues[waiter.sub]
        self.waiting -= 1

    def _refuse_if_too_late(self, sub: str) -> None:
        mine = len(self._queues.get(sub, ()))
        ahead = sum(min(len(queue), mine + 1) for queue in self._queues.values())
        wait_seconds = (ahead + 1) * self._seconds_per_call / self.places
        left_seconds = trio.current_effective_deadline() - trio.current_time()
        if self.waiting >= self.max_waiting or wait_seconds > left_seconds:
            raise OnecBusy(
                say("onec.busy", waiting=self.waiting),
                retry_after_seconds=max(1, math.ceil(wait_seconds)),
            )
