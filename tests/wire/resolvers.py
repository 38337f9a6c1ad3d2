"""What the resolvers ask of 1C."""

from typing import Final

from tests.catalogue_truth import TRUTH
from tests.wire.row import Row, as_it_came, rows


def _flat_resolver(tool: str, path: str) -> list[Row]:
    return rows(
        tool,
        path,
        {
            "nothing optional": as_it_came({"query": "каса №1"}),
            "everything": as_it_came({"query": "x" * 200, "limit": 3}),
            "forgiving": ({"query": "«Київ» 12", "limit": "7"}, {"query": "«Київ» 12", "limit": 7}),
            "a whole float": ({"query": "12", "limit": 7.0}, {"query": "12", "limit": 7}),
            "above the limit": ({"query": "а", "limit": 11}, {"query": "а", "limit": 10}),
        },
    )


def _resolver_with_groups(tool: str, path: str) -> list[Row]:
    return _flat_resolver(tool, path) + rows(
        tool,
        path,
        {
            "with groups": as_it_came({"query": "ї\u00a0ё", "limit": 1, "include_groups": True}),
            "without groups": as_it_came({"query": "а", "include_groups": False}),
            "forgiving with groups": (
                {"query": "а", "limit": "+2", "include_groups": "true"},
                {"query": "а", "limit": 2, "include_groups": True},
            ),
            "forgiving without groups": (
                {"query": "а", "include_groups": "false"},
                {"query": "а", "include_groups": False},
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
