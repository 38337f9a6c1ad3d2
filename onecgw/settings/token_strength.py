"""How hard a token is to guess, as far as its characters show."""

import math
import re
import string
from itertools import pairwise
from typing import Final

ENOUGH_BITS: Final = 64
_COMMON: Final = re.compile(
    "password|passwort|passw0rd|p[a4]ssw[o0]rd|changeme|change|secret|bearer|token|example|sample"
    "|default|letmein|welcome|admin|onecgw|gateway|demo|test|qwerty|qwertz|asdfgh|zxcvbn|abc|key"
    "|mcp|api|the|my|me",
    re.IGNORECASE,
)
_CLASSES: Final = (string.ascii_lowercase, string.ascii_uppercase, string.digits)
_OTHERS: Final = 32  # characters of ASCII that are neither letters nor digits


def is_weak(token: str) -> bool:
    """Whether a token can be guessed: it repeats itself, counts up or down, or is made of words."""
    return _bits(token) < ENOUGH_BITS


def _bits(token: str) -> float:
    """The bits of a token if every character that does not follow from the others were random."""
    rest = _without_runs(_COMMON.sub("", _shortest_period(token)))
    alphabet = sum(len(one) for one in _CLASSES if not set(one).isdisjoint(rest))
    if any(not character.isalnum() for character in rest):
        alphabet += _OTHERS
    # Few different characters of a large alphabet are no random choice from it.
    alphabet = min(alphabet, 2 * len(set(rest)))
    return len(rest) * math.log2(alphabet) if alphabet > 1 else 0


def _shortest_period(token: str) -> str:
    """The part that a token repeats; the token itself if it repeats none."""
    period = (token + token).find(token, 1)
    return token[:period]


def _without_runs(text: str) -> str:
    """A text without characters that follow the one before, or are the same: 1234, cba, aaa."""
    steps = [ord(right) - ord(left) for left, right in pairwise(text)]
    return text[:1] + "".join(
        character for character, step in zip(text[1:], steps, strict=True) if abs(step) > 1
    )
