"""How much work clients may cause before the gateway knows who calls.

A unit is about 50 microseconds of the event loop. Events without progress are counted for each
connection, which ends when they are too many: chunks and HTTP/2 frames that carry few bytes,
control frames, bytes that are read only to be dropped. Until a caller is known, the work of a
connection is also counted for its address, and all such connections take turns; both only delay
it. While its address owes units, fewer events end it. The first turns of a connection do not wait
for that if its address had a known caller a short time ago.
"""

import ipaddress
import math
from collections.abc import Iterable
from typing import Final

import trio

from onecgw.serving.turns import (
    MAX_WAIT_SECONDS,
    UNITS_PER_TURN,
    BudgetExhausted,
    TokenBucket,
    Turns,
)

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
TURNS_AT_ONCE: Final = 100
TURNS_PER_SECOND: Final = 600
# Of a connection from an address with a known caller: for its handshake and its first request.
FIRST_TURNS: Final = 4
FIRST_TURNS_AT_ONCE: Final = 2_000  # of all connections of one such address
FIRST_TURNS_PER_SECOND: Final = 200

REFUSALS_BEFORE_UNKNOWN: Final = 20
"""Consecutive requests without a known caller after which a connection is unknown again."""
ADDRESSES_KEPT: Final = 4_096
# Between two searches for addresses that owe nothing: 0.5 ms or more each.
FORGET_SECONDS: Final = 1
KNOWN_SECONDS: Final = 60  # an address stays known after the last request of a known caller
IPV6_SITE_BITS: Final = 64  # the smallest network of one customer

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class AddressBudget:
    """The units and the open connections of one address.

    turn: one of the connections waits for a turn. first_turns: of each connection, while the
    address is known.
    """

    def __init__(self) -> None:
        self.units = TokenBucket(
            ADDRESS_UNITS_AT_ONCE,
            ADDRESS_UNITS_PER_SECOND,
            max_debt_seconds=MAX_DEBT_SECONDS,
        )
        self.turn = trio.Lock()
        self.first_turns = Turns(FIRST_TURNS_AT_ONCE, FIRST_TURNS_PER_SECOND)
        self.connections = 0
        self.admitted_at = -math.inf  # when a request last had a known caller

    @property
    def is_known(self) -> bool:
        """Whether a recent request had a known caller."""
        return trio.current_time() - self.admitted_at < KNOWN_SECONDS

    @property
    def is_exhausted(self) -> bool:
        """Whether no further connection is accepted."""
        has_first_turns = self.is_known and not self.first_turns.are_spent
        return self.units.debt_seconds > EXHAUSTED_SECONDS and not has_first_turns


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
        self._turns_taken = 0
        if address is not None:
            address.connections += 1

    def accept(self) -> None:
        """Count the connection as one that is served; one that is closed at once costs little."""
        self._charge_address(UNITS_PER_CONNECTION)
        if self.address is not None and not self.address.first_turns.are_spent:
            self.address.first_turns.charge(UNITS_PER_TURN)
            self._turns_taken = 1

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
            # Those of a known caller are given back: they are there against unknown ones.
            self.address.first_turns.charge(-self._turns_taken * UNITS_PER_TURN)
            self._turns_taken = 0

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
        if self._has_first_turn(self.address):
            # Otherwise a known caller's new connections would wait behind a flood of its address.
            self._turns_taken += 1
            await self.address.first_turns.wait()
            return
        with trio.move_on_after(MAX_WAIT_SECONDS) as waiting:
            # Addresses take turns, however many connections one of them has.
            async with self.address.turn:
                await trio.sleep(self.address.units.debt_seconds)
                # Otherwise a known caller's connections would wait behind a flood of others.
                if not self.address.is_known:
                    await self._turns.wait()
        if waiting.cancelled_caught:
            raise BudgetExhausted

    def _has_first_turn(self, address: AddressBudget) -> bool:
        is_early = address.is_known and self._turns_taken < FIRST_TURNS
        return is_early and not address.first_turns.are_spent

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
        self._turns = Turns(TURNS_AT_ONCE, TURNS_PER_SECOND)

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
            if budget.connections or budget.is_known or budget.units.taken
        }
