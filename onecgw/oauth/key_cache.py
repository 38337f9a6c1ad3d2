"""Cached verification of access keys."""

import time
from collections.abc import Callable
from typing import Final

import attrs

from onecgw.auth.key_verification import InvalidKey, KeyVerdict, UncheckedKey, ValidKey, VerifyKey
from onecgw.oauth.timed_cache import TimedCache

VALID_SECONDS: Final = 300
INVALID_SECONDS: Final = 15
MAX_KEYS: Final = 10_000


@attrs.frozen(kw_only=True)
class KeyCheck:
    """The verdict on a key and when it was given, in seconds since the epoch."""

    verdict: KeyVerdict
    at: int


class KeyCache:
    """Keeps verdicts: on valid keys 5 minutes, on invalid ones 15 s; "unknown" is not kept.

    Args:
        check: verifies a key in 1C or in the gateway's own database.
        hash_key: makes the cache's key from an access key.
        valid_seconds: 0 switches the cache off, for local keys: they may be revoked at any moment.
        now: the clock, in seconds since the epoch.
    """

    def __init__(
        self,
        check: VerifyKey,
        *,
        hash_key: Callable[[str], bytes],
        valid_seconds: int = VALID_SECONDS,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._check = check
        self._hash_key = hash_key
        self._kept_seconds: dict[type[KeyVerdict], int] = {
            ValidKey: valid_seconds,
            InvalidKey: min(INVALID_SECONDS, valid_seconds),
            UncheckedKey: 0,
        }
        self._now = now
        self._cache: TimedCache[KeyCheck] = TimedCache(max_entries=MAX_KEYS, now=now)

    async def verify(self, key: str, request_id: str) -> KeyCheck:
        """The verdict on a key."""

        async def load() -> tuple[KeyCheck, float]:
            verdict = await self._check(key, request_id)
            check = KeyCheck(verdict=verdict, at=int(self._now()))
            return check, self._kept_seconds[type(verdict)]

        return await self._cache.get(self._hash_key(key), load)
