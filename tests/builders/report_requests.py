"""Random requests to the reports, for property tests."""

from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

from onecgw.demo.books import Books
from onecgw.demo.report_definition import Report
from tests.builders.demo_queries import FIRST_DAY, TODAY

DAYS = st.dates(FIRST_DAY - timedelta(days=40), TODAY + timedelta(days=10))


@st.composite
def periods(draw: st.DrawFn) -> dict[str, str]:
    """A few days, whole months, or everything."""
    first, last = sorted((draw(DAYS), draw(DAYS)))
    if draw(st.booleans()):
        last = min(last, first + timedelta(days=draw(st.integers(0, 45))))
    if draw(st.booleans()):
        first = first.replace(day=1)
    return {"from": first.isoformat(), "to": last.isoformat()}


def filters(report: Report, books: Books) -> st.SearchStrategy[dict[str, Any]]:
    """Any of the report's filters, with leaves and, where they are allowed, folders."""
    optional: dict[str, st.SearchStrategy[Any]] = {}
    for one in report.filters:
        items = books.catalogues[one.catalogue].items
        folders = [item.uuid for item in items if item.is_group]
        leaves = [item.uuid for item in items if not item.is_group]
        ids = st.sampled_from(leaves)
        if one.branches and folders:
            ids = st.one_of(st.sampled_from(folders), ids)
        optional[one.name] = st.lists(ids, min_size=1, max_size=4)
    for choice in report.choices:
        optional[choice.name] = st.sampled_from([*choice.options])
    # Few at a time, or nothing would be left to compare.
    chosen = st.lists(st.sampled_from([*optional]), min_size=1, max_size=2, unique=True)
    return chosen.flatmap(lambda names: st.fixed_dictionaries({n: optional[n] for n in names}))


@st.composite
def requests(draw: st.DrawFn, report: Report, books: Books) -> dict[str, Any]:
    """A whole request: every key may be there."""
    dimensions = [name for name in report.dimension if name not in report.always_by]
    body: dict[str, Any] = {
        "group_by": draw(
            st.lists(st.sampled_from(dimensions), min_size=1, max_size=4, unique=True)
        ),
        "measures": draw(st.lists(st.sampled_from([*report.measure]), min_size=1, unique=True)),
        **draw(selections(report, books)),
    }
    fields = st.sampled_from([*body["group_by"], *body["measures"]])
    if draw(st.booleans()):
        body["sort"] = [
            {"field": field, "dir": draw(st.sampled_from(["asc", "desc"]))}
            for field in draw(st.lists(fields, max_size=3, unique=True))
        ]
    if draw(st.booleans()):
        body["top"] = draw(st.integers(1, 50))
    return body


@st.composite
def selections(draw: st.DrawFn, report: Report, books: Books) -> dict[str, Any]:
    """The dates and the filters of a request."""
    body: dict[str, Any] = {}
    if report.dated == "period":
        body["period"] = draw(periods())
    else:
        day: date = draw(DAYS)
        body["date"] = day.isoformat()
    chosen = draw(st.one_of(st.just({}), filters(report, books)))
    if chosen:
        body["filters"] = chosen
    return body
