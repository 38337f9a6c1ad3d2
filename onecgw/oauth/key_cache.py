"""Asking who a key belongs to, as seldom as possible and once at a time."""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

import attrs
import trio

from onecgw.auth.key_verification import CheckKey, InvalidKey, KeyVerdict, UncheckedKey, ValidKey

VALID_SECONDS: Final = 300
INVALID_SECONDS: Final = 15
MAX_REMEMBERED: Final = 10_000


@attrs.frozen(kw_only=True)
class Checked:
    """A verdict and when it was learnt, in seconds since the epoch."""

    verdict: KeyVerdict
    at: int


@attrs.define
class _Flight:
    """A question under way, and its answer for those who wait for it; None if it was given up."""

    landed: trio.Event = attrs.field(factory=trio.Event)
    checked: Checked | None = None


class Keyring:
    """Verdicts about keys: valid ones are kept 5 minutes, invalid ones 15 s, others not at all.

    Args:
        check: who knows the keys.
        hash_key: what a key is remembered by.
        valid_seconds: 0 for keys that are looked up here and may be revoked at any moment.
        now: the clock.
    """

    def __init__(
        self,
        check: CheckKey,
        *,
        hash_key: Callable[[str], bytes],
        valid_seconds: int = VALID_SECONDS,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._check = check
        self._hash_key = hash_key
        self._valid_seconds = valid_seconds
        self._now = now
        self._known: OrderedDict[bytes, Checked] = OrderedDict()
        self._flights: dict[bytes, _Flight] = {}

    async def verify(self, key: str, request_id: str) -> Checked:
        """Who a key belongs to."""
        key_hash = self._hash_key(key)
        while True:
            if (known := self._remembered(key_hash)) is not None:
                return known
            flight = self._flights.get(key_hash)
            if flight is None:
                return await self._ask(key, key_hash, request_id)
            await flight.landed.wait()
            if flight.checked is not None:
                return flight.checked

    async def _ask(self, key: str, key_hash: bytes, request_id: str) -> Checked:
        flight = self._flights[key_hash] = _Flight()
        try:
            verdict = await self._check(key, request_id)
            flight.checked = Checked(verdict=verdict, at=int(self._now()))
            self._remember(key_hash, flight.checked)
            return flight.checked
        finally:
            del self._flights[key_hash]
            flight.landed.set()

    def _remember(self, key_hash: bytes, checked: Checked) -> None:
        if not isinstance(checked.verdict, UncheckedKey):
            self._known[key_hash] = checked
            if len(self._known) > MAX_REMEMBERED:
                self._known.popitem(last=False)

    def _remembered(self, key_hash: bytes) -> Checked | None:
        checked = self._known.get(key_hash)
        if checked is None:
            return None
        lives = {
            ValidKey: self._valid_seconds,
            InvalidKey: min(INVALID_SECONDS, self._valid_seconds),
        }
        # What was learnt ahead of a clock that was put back is as old as what lies behind it.
        if abs(self._now() - checked.at) < lives[type(checked.verdict)]:
            return checked
        del self._known[key_hash]
        return None
