"""The SQL of a report, composed from its definition and the request."""

import json
from collections.abc import Sequence
from typing import Final

from onecgw.auth.caller import COST
from onecgw.demo.report_definition import Dimension, Report
from onecgw.demo.report_requests import MAX_ROWS, Direction, ReportRequest, Scopes, Selection
from onecgw.demo.simulation.calendar import day_number, months_before

_AMONG: Final = "IN (SELECT value FROM json_each(:{}))"


def compose(
    report: Report, request: ReportRequest, dimensions: Sequence[Dimension], *, scopes: Scopes
) -> tuple[str, str, dict[str, object]]:
    """Compose the query of the rows, that of the totals, and the values of their parameters.

    Sales by warehouse and customer, the largest amount first, are read like this:

        SELECT warehouse AS warehouse, customer AS customer, SUM(amount) AS amount
        FROM register_sales
        WHERE day BETWEEN :first AND :last
        GROUP BY warehouse, customer
        HAVING TRUE
        ORDER BY amount DESC NULLS LAST, warehouse, customer
        LIMIT :limit

    `dimensions` are those of the request and those that the report always adds. At most one row
    more than the service returns is read.
    """
    where, values = _where(report, request.selection, scopes=scopes)
    limit = MAX_ROWS + 1
    values["limit"] = limit if request.top is None else min(request.top, limit)
    groups = [f"{one.column} AS {one.name}" for one in dimensions]
    sums = [f"{report.measure[name].sql} AS {name}" for name in request.measures]
    order = [
        *(f"{field} {direction} NULLS LAST" for field, direction in _order(request, dimensions)),
        *(f"{one.name} NULLS LAST" for one in dimensions),
    ]
    # All names and expressions come from reports.py; the caller's values are parameters.
    rows = f"""
        SELECT {", ".join([*groups, *sums])}
        FROM {report.source}
        WHERE {where}
        GROUP BY {", ".join(one.column for one in dimensions)}
        HAVING {report.having}
        ORDER BY {", ".join(order)}
        LIMIT :limit
    """  # noqa: S608 - see above
    totals = f"SELECT {', '.join(sums)} FROM {report.source} WHERE {where}"  # noqa: S608 - same
    return rows, totals, values


def _where(
    report: Report, selection: Selection, *, scopes: Scopes
) -> tuple[str, dict[str, object]]:
    """The conditions of a selection, and the values of their parameters."""
    conditions = [report.where]
    values: dict[str, object] = {
        "first": selection.first.isoformat(),
        "last": selection.last.isoformat(),
        "first_number": day_number(selection.first),
        "after_number": day_number(selection.last) + 1,
        # A new customer was created in or after the month before the period.
        "cohort_from": months_before(selection.first, 1).isoformat(),
    }
    either: dict[str, list[str]] = {}
    for one in report.filters:
        if one.name in selection.ids:
            values[one.name] = json.dumps(selection.ids[one.name])
            condition = f"{one.column} {_AMONG.format(one.name)}"
            if one.either is None:
                conditions.append(condition)
            else:
                either.setdefault(one.either, []).append(condition)
    conditions += [f"({' OR '.join(alternatives)})" for alternatives in either.values()]
    conditions += [
        one.options[selection.choices[one.name]]
        for one in report.choices
        if one.name in selection.choices
    ]
    if report.has_warehouses and COST not in scopes:
        conditions.append("warehouse NOT IN (SELECT id FROM warehouses WHERE restricted)")
    return " AND ".join(conditions), values


def _order(request: ReportRequest, dimensions: Sequence[Dimension]) -> list[tuple[str, Direction]]:
    """The requested order; by default dates ascending, then the first measure descending."""
    if request.sort:
        return [*request.sort]
    dates = [dimension.name for dimension in dimensions if dimension.kind == "date"]
    return [*((name, "asc") for name in dates), (request.measures[0], "desc")]
