"""How much work clients may cause before the gateway knows who calls.

A unit is about 50 microseconds of the event loop. Events without progress are counted for each
connection, which ends when they are too many: chunks and HTTP/2 frames that carry few bytes,
control frames, bytes that are read only to be dropped. Until a caller is known, the work of a
connection is also counted for its address, and all such connections take turns; both only delay
it. While its address owes units, fewer events end it.
"""

import ipaddress
import math
from collections.abc import Iterable
from typing import Final

import trio

UNITS_PER_CONNECTION: Final = 20
UNITS_PER_REQUEST: Final = 20  # that is refused
BYTES_PER_UNIT: Final = 256  # of a body that is wanted: such a part costs nothing
CHUNKS_PER_UNIT: Final = 20  # of HTTP/1.1: measured 1 to 2 microseconds each
SENT_BYTES_PER_UNIT: Final = 1024  # of answers, whose reader acknowledges them

EVENTS_AT_ONCE: Final = 1_500  # without progress, on one connection
EVENTS_PER_SECOND: Final = 100
# Of an unknown connection whose address owes units. A flood leaves unread bytes behind; with the
# larger limit, those of ten connections would be worked on for another eight seconds.
EVENTS_IN_DEBT: Final = 200
EVENTS_PER_REQUEST: Final = 4  # its body, and the acknowledgements of its answer
ADDRESS_UNITS_AT_ONCE: Final = 1_000
ADDRESS_UNITS_PER_SECOND: Final = 2_000  # a tenth of the event loop
EXHAUSTED_SECONDS: Final = 1  # of debt; then new connections of the address are closed
MAX_DEBT_SECONDS: Final = 2  # of an address
UNITS_PER_TURN: Final = 20  # a turn with more work counts as several
MAX_WAIT_SECONDS: Final = 3  # for a turn; then the connection is closed
TURNS_AT_ONCE: Final = 100
TURNS_PER_SECOND: Final = 600
TURNS_IN_A_PASS: Final = 4  # of the event loop

REFUSALS_BEFORE_UNKNOWN: Final = 20
"""Consecutive requests without a known caller after which a connection is unknown again."""
ADDRESSES_KEPT: Final = 4_096
FORGET_SECONDS: Final = (
    1  # between two searches for addresses that owe nothing: 0.5 ms or more each
)
KNOWN_SECONDS: Final = 60  # an address stays known after the last request of a known caller
IPV6_SITE_BITS: Final = 64  # the smallest network of one customer

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


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

    @property
    def is_full(self) -> bool:
        """Whether all units are there."""
        self.take(0)
        return self._units >= self._capacity


class Turns:
    """The turns of all connections without a known caller.

    Only some have one in the same pass of the event loop. Otherwise a call of a known caller, which
    needs several passes, would wait for all of them several times.
    """

    def __init__(self) -> None:
        self._bucket = TokenBucket(TURNS_AT_ONCE, TURNS_PER_SECOND)
        self._pass = trio.Semaphore(TURNS_IN_A_PASS)

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


class AddressBudget:
    """The units and the open connections of one address. turn: one of them waits for a turn."""

    def __init__(self) -> None:
        self.units = TokenBucket(
            ADDRESS_UNITS_AT_ONCE,
            ADDRESS_UNITS_PER_SECOND,
            max_debt_seconds=MAX_DEBT_SECONDS,
        )
        self.turn = trio.Lock()
        self.connections = 0
        self.admitted_at = -math.inf  # when a request last had a known caller

    @property
    def is_known(self) -> bool:
        """Whether a recent request had a known caller."""
        return trio.current_time() - self.admitted_at < KNOWN_SECONDS

    @property
    def is_exhausted(self) -> bool:
        """Whether no further connection is accepted."""
        return self.units.debt_seconds > EXHAUSTED_SECONDS


class ConnectionBudget:
    """The units of one connection.

    Args:
        address: of its client; None for a trusted proxy, behind which there are many clients.
        turns: of all connections without a known caller.
    """

    def __init__(self, address: AddressBudget | None, turns: Turns) -> None:
        self.address = address
        self._turns = turns
        self._events = TokenBucket(EVENTS_AT_ONCE, EVENTS_PER_SECOND)
        self._refusals: float = math.inf
        if address is not None:
            address.connections += 1

    def accept(self) -> None:
        """Count the connection as one that is served; one that is closed at once costs little."""
        self._charge_address(UNITS_PER_CONNECTION)

    def close(self) -> None:
        """Count the connection no longer."""
        if self.address is not None:
            self.address.connections -= 1

    @property
    def is_known(self) -> bool:
        """Whether one of the last requests had a known caller."""
        return self._refusals <= REFUSALS_BEFORE_UNKNOWN

    @property
    def is_spent(self) -> bool:
        """Whether the connection has to end."""
        address = self.address
        is_in_debt = address is not None and not self.is_known and address.units.debt_seconds > 0
        return self._events.taken > (EVENTS_IN_DEBT if is_in_debt else EVENTS_AT_ONCE)

    def charge(self, events: float, *, units: float | None = None) -> None:
        """Count events without progress. units: the work that they cause; None: one for each."""
        self._events.take(events)
        self._charge_shared(max(0.0, events if units is None else units))

    def charge_body_part(self, size_bytes: int, *, is_wanted: bool = True) -> None:
        """Count a part of a body: a large part that is wanted is progress."""
        share = size_bytes / BYTES_PER_UNIT
        self.charge(1 - share if is_wanted else 1 + share)

    def credit_sent(self, size_bytes: int) -> None:
        """Count bytes that were sent; the client may acknowledge them."""
        self._events.take(-size_bytes / SENT_BYTES_PER_UNIT)

    def charge_request(self) -> None:
        """Count a request as one that is refused; its frames or small reads cost nothing."""
        self._events.take(-EVENTS_PER_REQUEST)
        self._refusals += 1
        self._charge_shared(UNITS_PER_REQUEST)

    def admit(self) -> None:
        """Count the last request as one of a known caller."""
        self._charge_address(-UNITS_PER_CONNECTION)
        self._charge_shared(-UNITS_PER_REQUEST)
        self._refusals = 0
        if self.address is not None:
            self.address.admitted_at = trio.current_time()

    async def wait_turn(self) -> None:
        """Let other tasks run; without a known caller also wait for the address and for a turn.

        Raises:
            BudgetExhausted: there was no turn in MAX_WAIT_SECONDS.
        """
        if self.is_known:
            await trio.lowlevel.checkpoint()
            return
        if self.address is None:
            await self._turns.wait()
            return
        with trio.move_on_after(MAX_WAIT_SECONDS) as waiting:
            # Addresses take turns, however many connections one of them has.
            async with self.address.turn:
                await trio.sleep(self.address.units.debt_seconds)
                # Otherwise a known caller's new connections would wait behind a flood of others.
                if not self.address.is_known:
                    await self._turns.wait()
        if waiting.cancelled_caught:
            raise BudgetExhausted

    def _charge_shared(self, units: float) -> None:
        self._charge_address(units)
        if not self.is_known:
            self._turns.charge(units)

    def _charge_address(self, units: float) -> None:
        if self.address is not None and not self.is_known:
            self.address.units.take(units)


class ClientBudgets:
    """The budgets of all connections.

    Args:
        trusted_proxies: addresses and networks; each of their connections counts alone.
    """

    def __init__(self, trusted_proxies: Iterable[str]) -> None:
        self._trusted: tuple[Network, ...] = tuple(map(ipaddress.ip_network, trusted_proxies))
        self._addresses: dict[str, AddressBudget] = {}
        self._forget_after = -math.inf
        self._turns = Turns()

    def open(self, peer: str) -> ConnectionBudget:
        """Return the budget of a new connection. peer: the address of the socket's other end."""
        return ConnectionBudget(self._find_address(peer), self._turns)

    def _find_address(self, peer: str) -> AddressBudget | None:
        address = ipaddress.ip_address(peer.partition("%")[0])
        if isinstance(address, ipaddress.IPv6Address):
            address = address.ipv4_mapped or address
        if any(address in network for network in self._trusted):
            return None
        key = str(address)
        if isinstance(address, ipaddress.IPv6Address):
            key = str(ipaddress.ip_network((address, IPV6_SITE_BITS), strict=False))
        if key not in self._addresses:
            self._forget_addresses()
            self._addresses[key] = AddressBudget()
        return self._addresses[key]

    def _forget_addresses(self) -> None:
        now = trio.current_time()
        if len(self._addresses) <= ADDRESSES_KEPT or now < self._forget_after:
            return
        self._forget_after = now + FORGET_SECONDS
        self._addresses = {
            kept: budget
            for kept, budget in self._addresses.items()
            if budget.connections or budget.is_known or not budget.units.is_full
        }
