"""What holds for any question: the totals never depend on how they are looked at."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from onecgw.auth.caller import ALL_SCOPES, COST
from onecgw.demo.books import Books
from onecgw.demo.report_definition import Report
from onecgw.demo.report_requests import MAX_ROWS
from onecgw.demo.reports import TABULAR
from tests.builders.demo_queries import TODAY, WHOLE, ask, months
from tests.builders.report_requests import requests, selections

# What adds up over rows; receipts, customers and ratios do not.
ADDITIVE = {
    "sales": ["amount", "amount_net", "returns", "qty", "cost", "profit"],
    "stock": ["qty", "amount"],
    "cash_balance": ["balance_base"],
    "cash_flow": ["inflow", "outflow", "net"],
    "receivables": ["receivable", "advance", "net"],
    "payables": ["payable", "advance", "net"],
    "purchases": ["amount", "amount_net", "qty"],
    "goods_in_transit": ["qty", "amount"],
    "availability": ["oos_days", "days"],
}
EVERY_REPORT = pytest.mark.parametrize("report", TABULAR, ids=lambda report: report.path)
BY_DAY = [report for report in TABULAR if "day" in report.dimension]


def property_test(examples: int) -> settings:
    checks = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
    return settings(max_examples=examples, deadline=None, suppress_health_check=checks)


def check_totals(report: Report, books: Books, data: st.DataObject) -> None:
    """Two groupings, any order and any top have the totals that are the sum of all rows."""
    selection = data.draw(selections(report, books))
    measures = ADDITIVE[report.path]
    names = [name for name in report.dimension if name not in report.always_by]
    some = st.lists(st.sampled_from(names), min_size=1, max_size=2, unique=True)
    one, other = data.draw(some), data.draw(some)
    rows = ask(books, report.path, **selection, group_by=one, measures=measures)
    assume(len(rows.rows) < MAX_ROWS)  # rows that are cut off are not all there to be summed
    assert rows.totals == {name: rows.sum(name) for name in measures}
    again = ask(
        books,
        report.path,
        **selection,
        group_by=other,
        measures=measures,
        sort=[{"field": other[0], "dir": "desc"}],
        top=1,
    )
    assert again.totals == rows.totals


@EVERY_REPORT
@given(data=st.data())
@property_test(30)
def test_totals_are_the_sum_of_all_rows_however_grouped(
    report: Report, small_books: Books, data: st.DataObject
) -> None:
    check_totals(report, small_books, data)


@EVERY_REPORT
@given(data=st.data())
@property_test(30)
def test_totals_are_the_sum_of_all_rows_at_default_size(
    report: Report, default_books: Books, data: st.DataObject
) -> None:
    check_totals(report, default_books, data)


def check_days(report: Report, books: Books, selection: dict[str, Any]) -> None:
    """Days add up to weeks and to months, and all of them to the same totals."""
    measure = ADDITIVE[report.path][0]
    by_day, by_week, by_month = (
        ask(books, report.path, **selection, group_by=[name], measures=[measure])
        for name in ("day", "week", "month")
    )
    weeks: dict[str, Decimal] = {}
    months: dict[str, Decimal] = {}
    for day, value in by_day.rows:
        start = date.fromisoformat(day)
        week = (start - timedelta(days=start.weekday())).isoformat()
        weeks[week] = weeks.get(week, Decimal(0)) + value
        months[f"{day[:8]}01"] = months.get(f"{day[:8]}01", Decimal(0)) + value
    assert by_week.by("week", measure=measure) == weeks
    assert by_month.by("month", measure=measure) == months
    assert by_day.totals == by_week.totals == by_month.totals


@pytest.mark.parametrize("report", BY_DAY, ids=lambda report: report.path)
def test_days_of_the_whole_period_add_up_to_weeks_and_months(report: Report, books: Books) -> None:
    check_days(report, books, {"period": WHOLE})


@pytest.mark.parametrize("report", BY_DAY, ids=lambda report: report.path)
@given(data=st.data())
@property_test(25)
def test_days_of_any_period_and_filter_add_up_to_weeks_and_months(
    report: Report, books: Books, data: st.DataObject
) -> None:
    check_days(report, books, data.draw(selections(report, books)))


def folders(report: Report, books: Books) -> list[tuple[str, str, list[str]]]:
    """(filter, folder, the leaves below it) of every filter that takes folders."""
    found = []
    for one in report.filters:
        catalogue = books.catalogues[one.catalogue]
        for item in catalogue.items:
            if one.branches and item.is_group:
                leaves = [catalogue.by_id(number) for number in catalogue.branch(item)]
                found.append((one.name, item.uuid, [x.uuid for x in leaves if not x.is_group]))
    return found


@EVERY_REPORT
@given(data=st.data())
@property_test(10)
def test_folder_in_a_filter_is_the_union_of_its_leaves(
    report: Report, books: Books, data: st.DataObject
) -> None:
    branches = [branch for branch in folders(report, books) if branch[2]]
    if not branches:
        assert not any(one.branches for one in report.filters)
        return
    name, folder, leaves = data.draw(st.sampled_from(branches))
    dated: dict[str, Any] = (
        {"period": WHOLE} if report.dated == "period" else {"date": TODAY.isoformat()}
    )
    names = [name for name in report.dimension if name not in report.always_by]
    group_by = [data.draw(st.sampled_from(names))]
    measures = [*report.measure]
    as_folder, as_leaves = (
        ask(
            books,
            report.path,
            **dated,
            filters={name: ids},
            group_by=group_by,
            measures=measures,
        )
        for ids in ([folder], leaves)
    )
    assert as_folder.rows == as_leaves.rows
    assert as_folder.totals == as_leaves.totals


OF_FIRMS = [report for report in TABULAR if any(one.name == "firm_ids" for one in report.filters)]
OF_WAREHOUSES = [report for report in TABULAR if report.has_warehouses]


@pytest.mark.parametrize("report", OF_FIRMS, ids=lambda report: report.path)
def test_firms_of_every_month_are_the_parts_of_the_whole(report: Report, books: Books) -> None:
    measures = ADDITIVE[report.path]
    for _, period in months():
        dated = {"period": period} if report.dated == "period" else {"date": period["to"]}
        both = ask(books, report.path, **dated, group_by=["firm"], measures=measures)
        assert {name: both.sum(name) for name in measures} == both.totals, period
        assert len(both.rows) == 2 or report.path == "goods_in_transit", period
        for firm, *cells in both.rows:
            values = cells[-len(measures) :]  # behind a currency, where there is one
            filters = {"firm_ids": [firm]}
            one = ask(
                books,
                report.path,
                **dated,
                filters=filters,
                group_by=[report.dimensions[0].name],
                measures=measures,
            )
            assert [one.totals[name] for name in measures] == values, period
            assert {name: one.sum(name) for name in measures} == one.totals, period


@pytest.mark.parametrize("report", OF_WAREHOUSES, ids=lambda report: report.path)
@given(data=st.data())
@property_test(20)
def test_without_its_scope_a_report_is_as_if_filtered_by_the_open_warehouses(
    report: Report, small_books: Books, data: st.DataObject
) -> None:
    body = data.draw(requests(report, small_books))
    measures = [name for name in body["measures"] if report.measure[name].scope is None]
    body = {**body, "measures": measures or [*report.default_measures]}
    body.pop("sort", None)
    items = small_books.catalogues["warehouses"].items
    hidden = {item.uuid for item in items if item.facts["restricted"]}
    among = body.get("filters", {}).get("warehouse_ids", [item.uuid for item in items])
    seen = [uuid for uuid in among if uuid not in hidden]
    assume(seen)
    if "warehouse_ids" in body.get("filters", {}):
        body["filters"] = {**body["filters"], "warehouse_ids": seen}
    scopes = [scope for scope in ALL_SCOPES if scope != COST]
    without = ask(small_books, report.path, scopes, **body)
    open_ones = {**body.get("filters", {}), "warehouse_ids": seen}
    found = ask(small_books, report.path, **{**body, "filters": open_ones})
    assert (without.rows, without.totals) == (found.rows, found.totals)
