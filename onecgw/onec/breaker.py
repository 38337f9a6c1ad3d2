"""Spares callers the wait for a 1C that is down: fail at once, probe now and then."""

import math
from enum import StrEnum

import trio

from onecgw.errors import OnecUnavailable


class BreakerState(StrEnum):
    """What becomes of the next call."""

    CLOSED = "closed"  # it goes to 1C
    OPEN = "open"  # it fails at once
    PROBING = "probing"  # it fails at once, while one call finds out


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
        self._probing = False

    @property
    def state(self) -> BreakerState:
        """What becomes of the next call; an open breaker whose pause is over is still open."""
        if self._open_until is None:
            return BreakerState.CLOSED
        return BreakerState.PROBING if self._probing else BreakerState.OPEN

    def check(self) -> None:
        """Pass, or fail at once.

        Raises:
            OnecUnavailable: it is open and the pause is not over, or another call is probing.
        """
        if self._open_until is None:
            return
        left_seconds = self._open_until - trio.current_time()
        if left_seconds > 0 or self._probing:
            raise OnecUnavailable(
                f"1C did not answer the last {self._consecutive} calls; the gateway waits before"
                " it asks again",
                retry_after_seconds=max(1, math.ceil(left_seconds)),
            )

    def enter(self) -> bool:
        """Pass, or fail at once; says whether this call is the probe.

        Raises:
            OnecUnavailable: as `check` says.
        """
        self.check()
        self._probing = self._open_until is not None
        return self._probing

    def answered(self) -> None:
        """1C answered, be it with an error."""
        self._consecutive = 0
        self._open_until = None
        self._probing = False

    def unavailable(self, *, probe: bool) -> None:
        """A call found that 1C is not reachable."""
        self._consecutive += 1
        late = self._open_until is not None and not probe  # it began before the breaker opened
        if not late and (probe or 0 < self._failures <= self._consecutive):
            self._open_until = trio.current_time() + self._pause_seconds
            self._probing = False

    def undecided(self, *, probe: bool) -> None:
        """A call was cancelled before 1C answered; the next one may probe in its place."""
        if probe:
            self._probing = False
