"""What is known of an access key: three answers that are never merged."""

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
    """Whoever knows the keys says that this one is nobody's."""


@attrs.frozen(kw_only=True)
class UncheckedKey:
    """Nothing is known of the key: nobody could be asked, or the answer is not understood."""

    error: OnecgwError


KeyVerdict = ValidKey | InvalidKey | UncheckedKey

CheckKey = Callable[[str, str], Awaitable[KeyVerdict]]
"""Called with a key and the id of the request; never raises an OnecgwError."""
