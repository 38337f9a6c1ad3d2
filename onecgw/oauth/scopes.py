"""The scope parameter: its grammar, and the scopes in it that the gateway knows."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from onecgw.auth.caller import ALL_SCOPES, COST, MONEY

OFFLINE_ACCESS: Final = "offline_access"
SENSITIVE: Final = frozenset({MONEY, COST})
"""Scopes that the consent page offers, but does not tick beforehand."""

_MAX_CHARACTERS: Final = 1000
# RFC 6749, 3.3: scope-token = 1*( %x21 / %x23-5B / %x5D-7E ), separated by single spaces.
_SCOPE: Final = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+( [\x21\x23-\x5b\x5d-\x7e]+)*")


def is_scope(text: str) -> bool:
    """Whether a text has the grammar of a scope parameter."""
    return len(text) <= _MAX_CHARACTERS and _SCOPE.fullmatch(text) is not None


def join_scopes(scopes: Iterable[str]) -> str:
    """A scope parameter, with the scopes in the order of ALL_SCOPES."""
    wanted = frozenset(scopes)
    return " ".join(scope for scope in ALL_SCOPES if scope in wanted)


@lru_cache(maxsize=256)  # called for each access token
def split_scopes(text: str) -> frozenset[str]:
    """The scopes of a parameter that the gateway knows."""
    return frozenset(text.split(" ")) & frozenset(ALL_SCOPES)
