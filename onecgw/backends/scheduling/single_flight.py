"""One call per key at a time: whoever asks for the same meanwhile shares its outcome."""

from collections.abc import Awaitable, Callable, Hashable
from copy import copy
from typing import Generic, TypeVar

import attrs
import trio

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


@attrs.define(eq=False)
class _Flight(Generic[Value]):
    """A running call. value: empty, or its one result. error: its failure, if that is shared."""

    done: trio.Event = attrs.field(factory=trio.Event)
    value: list[Value] = attrs.field(factory=list)
    error: Exception | None = None


class SingleFlight(Generic[Key, Value]):
    """Runs calls, at most one per key at a time.

    Args:
        shares: whether the waiters get this error of the leader, too. Cancellation is never
            shared: the next waiter becomes the leader.
    """

    def __init__(self, shares: Callable[[Exception], bool] = lambda _: False) -> None:
        self._shares = shares
        self._flights: dict[Key, _Flight[Value]] = {}

    async def run(
        self,
        key: Key,
        call: Callable[[], Awaitable[Value]],
        *,
        known: Callable[[], Value | None] = lambda: None,
    ) -> tuple[Value, bool]:
        """The value of a key, and whether it came without a call of one's own.

        The first caller runs `call` in its own task, inside its own deadline.

        Args:
            key: what is asked for.
            call: gets the value.
            known: looks for a kept value, before each attempt to lead: the call that was waited
                for may have kept one.

        Raises:
            Exception: what `call` raised, here or in the flight that was shared.
        """
        while True:
            kept = known()
            if kept is not None:
                return kept, True
            flight = self._flights.get(key)
            if flight is None:
                return await self._lead(key, call), False
            await flight.done.wait()
            if flight.value:
                return flight.value[0], True
            if flight.error is not None:
                # A copy: an exception that several tasks raise mixes their tracebacks.
                raise copy(flight.error) from flight.error

    async def _lead(self, key: Key, call: Callable[[], Awaitable[Value]]) -> Value:
        flight = self._flights[key] = _Flight[Value]()
        try:
            value = await call()
        except Exception as error:
            if self._shares(error):
                flight.error = error
            raise
        else:
            flight.value.append(value)
            return value
        finally:
            del self._flights[key]
            flight.done.set()
