"""What the resolvers ask of 1C."""

from functools import partial
from typing import Final

from tests.catalogue_truth import TRUTH
from tests.wire.row import Row, and_one_more, rows

_limited = partial(and_one_more, bound="limit", default=10)


def _flat_resolver(tool: str, path: str) -> list[Row]:
    return rows(
        tool,
        path,
        {
            "nothing optional": _limited({"query": "каса №1"}),
            "everything": _limited({"query": "x" * 200, "limit": 3}),
            "forgiving": ({"query": "«Київ» 12", "limit": "7"}, {"query": "«Київ» 12", "limit": 8}),
            "a whole float": ({"query": "12", "limit": 7.0}, {"query": "12", "limit": 8}),
            "all of it": _limited({"query": ""}),
            "all of it, by a blank": ({"query": " "}, {"query": "", "limit": 11}),
            "above the limit": ({"query": "а", "limit": 11}, {"query": "а", "limit": 11}),
        },
    )


def _resolver_with_groups(tool: str, path: str) -> list[Row]:
    return _flat_resolver(tool, path) + rows(
        tool,
        path,
        {
            "with groups": _limited({"query": "ї\u00a0ё", "limit": 1, "include_groups": True}),
            "without groups": _limited({"query": "а", "include_groups": False}),
            "forgiving with groups": (
                {"query": "а", "limit": "+2", "include_groups": "true"},
                {"query": "а", "limit": 3, "include_groups": True},
            ),
            "forgiving without groups": (
                {"query": "а", "include_groups": "false"},
                {"query": "а", "include_groups": False, "limit": 11},
            ),
        },
    )


TABLE: Final = [
    row
    for name, truth in TRUTH.items()
    if name.startswith("resolve_")
    for row in (_resolver_with_groups if "include_groups" in truth.everything else _flat_resolver)(
        name, f"/mcp/{truth.operation}"
    )
]
