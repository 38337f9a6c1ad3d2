"""Circuit breaker: while 1C is down calls fail at once, and one call now and then probes it."""

import math
from enum import StrEnum
from typing import Final

import attrs
import trio

from onecgw.errors import OnecUnavailable
from onecgw.locales.text import say

PROBE_WAIT_SECONDS: Final = 2  # calls wait so long for a probe; a healthy 1C answers sooner


class BreakerState(StrEnum):
    """What happens to the next call."""

    CLOSED = "closed"  # it goes to 1C
    OPEN = "open"  # it fails at once
    PROBING = "probing"  # it waits a moment for the result of the call that probes


@attrs.frozen(eq=False, kw_only=True)
class Turn:
    """A call that the breaker let through.

    period: counted up whenever the breaker opens or closes; a result of an earlier period is stale.
    is_probe: the result decides whether the breaker closes.
    """

    period: int
    is_probe: bool


class Breaker:
    """Opens after so many consecutive calls found 1C unavailable.

    Args:
        failures: how many; 0 = it never opens.
        pause_seconds: how long it stays open before one call may probe.
    """

    def __init__(self, *, failures: int, pause_seconds: float) -> None:
        self._failures = failures
        self._pause_seconds = pause_seconds
        self._consecutive = 0
        self._open_until: float | None = None
        self._period = 0
        self._probe: Turn | None = None
        self._decided = trio.Event()

    @property
    def state(self) -> BreakerState:
        """What happens to the next call; an open breaker whose pause is over is still open."""
        if self._open_until is None:
            return BreakerState.CLOSED
        return BreakerState.PROBING if self._probe else BreakerState.OPEN

    async def wait_for_probe(self) -> None:
        """Wait for the probe that is under way, at most PROBE_WAIT_SECONDS.

        Concurrent calls would otherwise fail while one of them probes.
        """
        if self._probe is not None:
            with trio.move_on_after(PROBE_WAIT_SECONDS):
                while self._probe is not None:
                    await self._decided.wait()

    def check(self) -> None:
        """Pass, or fail at once.

        Raises:
            OnecUnavailable: it is open and the pause is not over, or another call is probing.
        """
        if self._open_until is None:
            return
        left_seconds = self._open_until - trio.current_time()
        if left_seconds > 0 or self._probe:
            raise OnecUnavailable(
                say("onec.breaker", calls=self._consecutive),
                retry_after_seconds=max(1, math.ceil(left_seconds)),
            )

    def enter(self) -> Turn:
        """Let a call pass, or raise; then call `answered`, `unavailable` or `undecided` once.

        Raises:
            OnecUnavailable: as `check` says.
        """
        self.check()
        turn = Turn(period=self._period, is_probe=self._open_until is not None)
        if turn.is_probe:
            self._probe, self._decided = turn, trio.Event()
        return turn

    def answered(self) -> None:
        """Record that 1C answered, even with an error or to a call of an earlier period."""
        self._consecutive = 0
        if self._open_until is not None:
            self._change(None)

    def unavailable(self, turn: Turn) -> None:
        """Record that a call could not reach 1C; results of an earlier period are ignored."""
        if turn.period != self._period:
            return
        self._consecutive += 1
        if turn.is_probe or 0 < self._failures <= self._consecutive:
            self._change(trio.current_time() + self._pause_seconds)

    def undecided(self, turn: Turn) -> None:
        """Record that a call was cancelled before 1C answered; the next one may probe instead."""
        if turn is self._probe:
            self._probe = None
            self._decided.set()

    def _change(self, open_until: float | None) -> None:
        self._open_until = open_until
        self._period += 1
        self._probe = None
        self._decided.set()
