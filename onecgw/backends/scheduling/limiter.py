"""Whose turn it is in 1C: at most so many calls at once, and nobody starves another."""

import math
from collections import OrderedDict, deque
from typing import Final

import attrs
import trio

from onecgw.errors import OnecUnavailable

_WEIGHT_OF_LATEST: Final = 0.2  # in the moving average of how long a call holds its place


class OnecBusy(OnecUnavailable):
    """The gateway did not ask 1C: too many calls wait already."""


@attrs.define(eq=False)
class _Ticket:
    sub: str
    called: trio.Event = attrs.field(factory=trio.Event)


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
        self._lines: OrderedDict[str, deque[_Ticket]] = OrderedDict()
        self._seconds_per_call = 0.0

    async def enter(self, sub: str) -> None:
        """Wait for a place.

        Raises:
            OnecBusy: too many wait, or the turn would come after the caller's deadline.
        """
        if self.in_flight < self.places and not self.waiting:
            self.in_flight += 1
            return
        await trio.lowlevel.checkpoint_if_cancelled()  # a cancelled call is not a refused one
        self._refuse_if_hopeless(sub)
        ticket = _Ticket(sub)
        self._lines.setdefault(sub, deque()).append(ticket)
        self.waiting += 1
        try:
            await ticket.called.wait()
        except trio.Cancelled:
            if ticket.called.is_set():  # the place came together with the cancellation
                self._pass_on()
            else:
                self._give_up(ticket)
            raise

    def leave(self, held_seconds: float) -> None:
        """Give the place back after it was held for so long."""
        latest = held_seconds - self._seconds_per_call
        self._seconds_per_call += _WEIGHT_OF_LATEST * latest
        self._pass_on()

    def _pass_on(self) -> None:
        if not self._lines:
            self.in_flight -= 1
            return
        sub, line = next(iter(self._lines.items()))
        ticket = line.popleft()
        if line:
            self._lines.move_to_end(sub)
        else:
            del self._lines[sub]
        self.waiting -= 1
        ticket.called.set()

    def _give_up(self, ticket: _Ticket) -> None:
        line = self._lines[ticket.sub]
        line.remove(ticket)
        if not line:
            del self._lines[ticket.sub]
        self.waiting -= 1

    def _refuse_if_hopeless(self, sub: str) -> None:
        mine = len(self._lines.get(sub, ()))
        ahead = sum(min(len(line), mine + 1) for line in self._lines.values())
        wait_seconds = (ahead + 1) * self._seconds_per_call / self.places
        left_seconds = trio.current_effective_deadline() - trio.current_time()
        if self.waiting >= self.max_waiting or wait_seconds > left_seconds:
            raise OnecBusy(
                f"1C is busy (waiting calls: {self.waiting})",
                retry_after_seconds=max(1, math.ceil(wait_seconds)),
            )
