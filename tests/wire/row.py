"""One line of the tables: what a caller sends, and the exact requests that 1C must get."""

import json
from collections.abc import Mapping
from typing import Final

import attrs

from tests.catalogue_truth import TRUTH, Json

# Where no `top` is given the surfaces differ: 100 and one row over MCP, 5000 and one over REST.
OF_THE_SURFACE: Final = {"mcp": 101, "rest": 5001}
MAY_AS_TEXT: Final = '{"from":"2026-05-01","to":"2026-05-31"}'

LOCAL: Final = ("compare_with", "share", "ids")

Requests = tuple[tuple[str, Json], ...]


@attrs.frozen
class Row:
    """One call. sent: by the caller. requests: to 1C, each as its path and its body."""

    tool: str
    form: str
    sent: Json
    requests: Requests

    def __str__(self) -> str:
        return f"{self.tool}: {self.form}"


def rows(tool: str, path: str, forms: Mapping[str, tuple[Json, Json]]) -> list[Row]:
    """The lines of a tool that makes one request."""
    return [Row(tool, form, sent, ((path, body),)) for form, (sent, body) in forms.items()]


def as_it_came(arguments: Json) -> tuple[Json, Json]:
    """1C gets what was sent."""
    return arguments, arguments


def and_one_more(arguments: Json, bound: str, default: int) -> tuple[Json, Json]:
    """1C gets what was sent, with a limit that is one more, to know whether there are more."""
    return arguments, {**arguments, bound: arguments.get(bound, default) + 1}


def in_20_rows(arguments: Json) -> tuple[Json, Json]:
    """1C gets what was sent, with a top that is one more, to know whether there are more."""
    return {**arguments, "top": 20}, {**arguments, "top": 21}


def forms_of_a_table(tool: str) -> list[Row]:
    """The forms that every report has, from its row in tests/catalogue_truth.py."""
    truth = TRUTH[tool]
    # Arguments for the gateway alone: see tests/analysis/test_table_analysis.py.
    everything = {name: value for name, value in truth.everything.items() if name not in LOCAL}
    least = truth.least
    first_filter = next(iter(everything["filters"]))
    ids = everything["filters"][first_filter][:1]
    dimension, measure = everything["group_by"][-1], everything["measures"][-1]
    sort = [{"field": measure, "dir": "desc"}]
    dated = {name: value for name, value in everything.items() if name in ("period", "date")}
    understood = {
        **dated,
        "filters": {first_filter: ids},
        "group_by": [dimension],
        "measures": [measure],
        "sort": sort,
    }
    return rows(
        tool,
        f"/mcp/{truth.operation}",
        {
            "nothing optional": (least, {**least, **truth.added, "top": OF_THE_SURFACE}),
            "everything": in_20_rows(everything),
            "forgiving": (
                {
                    **dated,
                    **({"period": MAY_AS_TEXT} if "period" in dated else {}),
                    "filters": json.dumps({first_filter: ids[0]}),
                    "group_by": dimension,
                    "measures": json.dumps([measure]),
                    "top": "20",
                    "sort": json.dumps(sort),
                },
                {**understood, "top": 21},
            ),
            "forgiving in its lists": (
                {**dated, "group_by": json.dumps([dimension]), "measures": measure, "top": 20.0},
                {**dated, "group_by": [dimension], "measures": [measure], "top": 21},
            ),
            "above the limit": (
                {**least, "top": 9999},
                {**least, **truth.added, "top": 5001},
            ),
        },
    )
