"""Render the numbers of tools in README.md from the catalogue."""

import re
from typing import Final

from onecgw.catalogue.kinds.resolver import ResolverTool
from onecgw.catalogue.tools import ALL
from tests.rendering.files import ROOT

PAGE: Final = ROOT / "README.md"
COUNTS: Final = re.compile(r"^[\w-]+ tools: [\w-]+ resolvers", re.MULTILINE)

_UNITS: Final = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen"),
    *("eighteen", "nineteen"),
)
_TENS: Final = {2: "twenty", 3: "thirty", 4: "forty", 5: "fifty"}


def render_readme(page: str) -> str:
    """Return the page with its numbers of tools and resolvers replaced."""
    resolvers = sum(isinstance(tool, ResolverTool) for tool in ALL)
    text = f"{in_words(len(ALL)).capitalize()} tools: {in_words(resolvers)} resolvers"
    return COUNTS.sub(text, page)


def in_words(number: int) -> str:
    """Return a number from 0 to 59 in words."""
    if number < len(_UNITS):
        return _UNITS[number]
    tens, unit = divmod(number, 10)
    return f"{_TENS[tens]}-{_UNITS[unit]}" if unit else _TENS[tens]
