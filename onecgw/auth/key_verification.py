"""The result of verifying an access key: valid, invalid, or unknown."""

from collections.abc import Awaitable, Callable

import attrs

from onecgw.errors import OnecgwError


@attrs.frozen(kw_only=True)
class ValidKey:
    """The key belongs to an account. scopes: those of its scopes that the gateway knows."""

    sub: str
    name: str
    scopes: frozenset[str]


@attrs.frozen
class InvalidKey:
    """The key store has no such key."""


@attrs.frozen(kw_only=True)
class UncheckedKey:
    """The key could not be verified: the key store did not answer, or not as agreed."""

    error: OnecgwError


KeyVerdict = ValidKey | InvalidKey | UncheckedKey

VerifyKey = Callable[[str, str], Awaitable[KeyVerdict]]
"""Called with a key and the id of the request; never raises an OnecgwError."""
