"""The sum of memory that answers of 1C may take while they are in flight.

A limit per answer bounds nothing: eight answers of the largest size are eight times that limit.
An answer counts twice: as 1C sent it, and as what is made of it until the call is answered.
"""

from types import TracebackType
from typing import Final, Self

from onecgw.backends.scheduling.limiter import OnecBusy
from onecgw.locales.text import say

RETRY_SECONDS: Final = 5


class MemorySpent(OnecBusy):
    """The answer does not fit beside those that are being read or processed."""


class MemoryBudget:
    """The bytes that the answers of all calls take together.

    Args:
        max_bytes: the sum that is never exceeded.
    """

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes: Final = max_bytes
        self.used_bytes = 0

    def lease(self) -> "Lease":
        """The share of one call, empty at first."""
        return Lease(self)


class Lease:
    """The share of one call: it grows while answers are read, and ends with the call."""

    __slots__ = ("_budget", "size_bytes")

    def __init__(self, budget: MemoryBudget) -> None:
        self._budget = budget
        self.size_bytes = 0

    def grow(self, size_bytes: int) -> None:
        """Take more; a negative size gives back.

        Raises:
            MemorySpent: the sum would be exceeded; nothing was taken.
        """
        budget = self._budget
        if size_bytes > 0 and budget.used_bytes + size_bytes > budget.max_bytes:
            raise MemorySpent(
                say("onec.memory", bytes=budget.max_bytes),
                retry_after_seconds=RETRY_SECONDS,
            )
        budget.used_bytes += size_bytes
        self.size_bytes += size_bytes

    def close(self) -> None:
        """Give everything back."""
        self._budget.used_bytes -= self.size_bytes
        self.size_bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
