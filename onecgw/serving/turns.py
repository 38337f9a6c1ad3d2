"""Rates that may be exceeded by waiting: a token bucket, and turns on the event loop."""

import math
from typing import Final

import trio

UNITS_PER_TURN: Final = 20  # a turn with more work counts as several
MAX_WAIT_SECONDS: Final = 3  # for a turn; then the connection is closed
TURNS_IN_A_PASS: Final = 4  # of the event loop


class BudgetExhausted(Exception):
    """The other connections of an address leave no turn for this one."""


class TokenBucket:
    """Units that come back with time; more may be taken than are there, which is a debt.

    Args:
        capacity: the most units that are there.
        per_second: how many come back.
        max_debt_seconds: in which a debt is always paid back.
    """

    def __init__(
        self, capacity: float, per_second: float, *, max_debt_seconds: float = math.inf
    ) -> None:
        self._capacity = capacity
        self._min_units = -max_debt_seconds * per_second
        self._per_second = per_second
        self._units = capacity
        self._counted_at = trio.current_time()

    def take(self, units: float) -> None:
        """Take units; a negative number gives them back."""
        now = trio.current_time()
        refilled = self._units + (now - self._counted_at) * self._per_second
        units_left = min(self._capacity, refilled) - units
        self._units = max(self._min_units, min(self._capacity, units_left))
        self._counted_at = now

    @property
    def taken(self) -> float:
        """How many units are not there."""
        self.take(0)
        return self._capacity - self._units

    @property
    def debt_seconds(self) -> float:
        """In how many seconds nothing is owed any more; 0 if nothing is owed now."""
        self.take(0)
        return max(0.0, -self._units / self._per_second)


class Turns:
    """The turns of connections without a known caller.

    Only some have one in the same pass of the event loop. Otherwise a call of a known caller, which
    needs several passes, would wait for all of them several times.

    Args:
        at_once: how many there are at first, and after a pause.
        per_second: how many come back.
    """

    def __init__(self, at_once: int, per_second: int) -> None:
        self._bucket = TokenBucket(at_once, per_second)
        self._pass = trio.Semaphore(TURNS_IN_A_PASS)

    @property
    def are_spent(self) -> bool:
        """Whether the next one has to wait."""
        return self._bucket.debt_seconds > 0

    def charge(self, units: float) -> None:
        """Count work; a negative number gives it back."""
        self._bucket.take(units / UNITS_PER_TURN)

    async def wait(self) -> None:
        """Return when it is the connection's turn, in the order of the calls.

        Raises:
            BudgetExhausted: it would be later than in MAX_WAIT_SECONDS.
        """
        # The turn itself decides, not a clock: a busy event loop may wake this task seconds late,
        # and would then close connections whose turn has come.
        self._bucket.take(1)
        wait_seconds = self._bucket.debt_seconds
        if wait_seconds > MAX_WAIT_SECONDS:
            self._bucket.take(-1)
            raise BudgetExhausted
        await trio.sleep(wait_seconds)
        async with self._pass:
            pass  # it was acquired in one pass, and the work begins in the next
