"""Spares callers the wait for a 1C that is down: fail at once, probe now and then."""

import math
from enum import StrEnum
from typing import Final

import attrs
import trio

from onecgw.errors import OnecUnavailable

VERDICT_SECONDS: Final = 2  # for a probe that others wait for; a 1C that is well answers sooner


class BreakerState(StrEnum):
    """What becomes of the next call."""

    CLOSED = "closed"  # it goes to 1C
    OPEN = "open"  # it fails at once
    PROBING = "probing"  # it waits a moment, while one call finds out


@attrs.frozen(eq=False, kw_only=True)
class Turn:
    """A call that was let pass.

    period: the breaker's, counted up whenever it opens or closes. is_probe: it finds out for all.
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
        """What becomes of the next call; an open breaker whose pause is over is still open."""
        if self._open_until is None:
            return BreakerState.CLOSED
        return BreakerState.PROBING if self._probe else BreakerState.OPEN

    async def wait_verdict(self) -> None:
        """Wait for the probe that is under way, at most VERDICT_SECONDS.

        Calls that are made side by side would else refuse each other: one probes, and the others,
        which it is made for, fail meanwhile.
        """
        if self._probe is not None:
            with trio.move_on_after(VERDICT_SECONDS):
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
                f"1C did not answer the last {self._consecutive} calls; the gateway waits before"
                " it asks again",
                retry_after_seconds=max(1, math.ceil(left_seconds)),
            )

    def enter(self) -> Turn:
        """Pass, or fail at once; every turn ends in one of the three ways below.

        Raises:
            OnecUnavailable: as `check` says.
        """
        self.check()
        turn = Turn(period=self._period, is_probe=self._open_until is not None)
        if turn.is_probe:
            self._probe, self._decided = turn, trio.Event()
        return turn

    def answered(self) -> None:
        """1C answered, be it with an error, and be it to a call from before the breaker opened."""
        self._consecutive = 0
        if self._open_until is not None:
            self._change(None)

    def unavailable(self, turn: Turn) -> None:
        """A call found that 1C is not reachable; what it found in another period is no news."""
        if turn.period != self._period:
            return
        self._consecutive += 1
        if turn.is_probe or 0 < self._failures <= self._consecutive:
            self._change(trio.current_time() + self._pause_seconds)

    def undecided(self, turn: Turn) -> None:
        """A call was cancelled before 1C answered; the next one may probe in its place."""
        if turn is self._probe:
            self._probe = None
            self._decided.set()

    def _change(self, open_until: float | None) -> None:
        self._open_until = open_until
        self._period += 1
        self._probe = None
        self._decided.set()
