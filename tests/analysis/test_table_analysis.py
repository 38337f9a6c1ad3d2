"""compare, share and ids of every report, against an accountant who reads the documents."""

import json
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from typing import Any

import pytest
import trio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onecgw.catalogue.tools import BY_NAME
from onecgw.demo.books import Books, open_books
from onecgw.demo.report_definition import Report
from onecgw.demo.reports import TABULAR
from onecgw.errors import LimitExceeded, OnecBadResponse, ValidationFailed
from onecgw.settings import LimitsSettings
from tests.builders.demo_gateway import ask, open_demo
from tests.builders.report_requests import requests
from tests.builders.report_tables import KOPECK
from tests.catalogue_truth import TRUTH
from tests.conftest import TODAY
from tests.demo.reference import Reference

SEEDS = (1, 20261)
TIMES = ("day", "week", "month", "quarter")
OWN_CURRENCY = {"balance", "amount_in_currency"}
SHOWN = 7
MIXED = ("cash_balance", "goods_in_transit")  # figures in several currencies
SUMMER = {"from": "2026-06-01", "to": "2026-08-31"}


@pytest.fixture(scope="session", params=SEEDS, ids=[f"seed {seed}" for seed in SEEDS])
def accounted(request: pytest.FixtureRequest) -> Iterator[tuple[Books, Reference]]:
    """Small books of a seed, and the accountant who read their documents."""
    with (
        open_books(
            size="small",
            seed=request.param,
            today=TODAY,
            cache_folder=None,
            progress=lambda _: None,
        ) as books,
        books.reading() as db,
    ):
        yield books, Reference(db)


@st.composite
def bodies(draw: st.DrawFn, report: Report, books: Books) -> dict[str, Any]:
    """A request without an order and a number of rows; the gateway accepts each id once."""
    body = draw(requests(report, books))
    filters = {
        name: ids if isinstance(ids, str) else list(dict.fromkeys(ids))
        for name, ids in body.pop("filters", {}).items()
    }
    body = {name: value for name, value in body.items() if name not in ("sort", "top")}
    if "period" in body:  # shorter, so that the demo does not cut the list
        first, last = (date.fromisoformat(body["period"][end]) for end in ("from", "to"))
        last = min(last, first + timedelta(days=200))
        body["period"] = {"from": first.isoformat(), "to": last.isoformat()}
    return body | ({"filters": filters} if filters else {})


async def answer_of(books: Books, tool: str, arguments: dict[str, Any]) -> Any:
    async with open_demo(books) as rig:
        return await ask(rig, tool, **arguments)


def place_of(value: Any, dimension: str, first: date) -> Any:
    """A day, week or month by its place in its period; anything else as it is."""
    if dimension not in TIMES:
        return value
    day = date.fromisoformat(value)
    if dimension == "day":
        return (day - first).days
    if dimension == "week":
        return (day - first + timedelta(days=first.weekday())).days // 7
    if dimension == "quarter":
        return 4 * (day.year - first.year) + (day.month - 1) // 3 - (first.month - 1) // 3
    return 12 * (day.year - first.year) + day.month - first.month


def dimensions_of(report: Report, body: dict[str, Any]) -> list[str]:
    """With the currency, where a measure is in that of its row."""
    return [*body["group_by"], *(report.always_by if OWN_CURRENCY & {*body["measures"]} else ())]


def table_of(
    reference: Reference, report: Report, body: dict[str, Any]
) -> tuple[dict[tuple[Any, ...], list[Any]], dict[str, Any]]:
    """The figures of every row by its key, and the totals."""
    rows, totals = reference.answer(report.path, body)
    dimensions = dimensions_of(report, body)
    first = date.fromisoformat(body["period"]["from"]) if "period" in body else date.min
    return {
        tuple(place_of(row[at], name, first) for at, name in enumerate(dimensions)): list(
            row[len(dimensions) :]
        )
        for row in rows
    }, totals


def changes(now: Any, before: Any) -> list[Any]:
    """now, before, change and its percentage."""
    if now is None or before is None:
        return [now, before, None, None]
    change = now - before
    if before == 0:
        return [now, before, change, None]
    percentage = (Decimal(change) * 100 / abs(Decimal(before))).quantize(KOPECK, ROUND_HALF_UP)
    return [now, before, change, percentage]


def shown_rows(answer: Any, body: dict[str, Any], report: Report) -> dict[tuple[Any, ...], Any]:
    """The figures of each row by its key, times by their place."""
    dimensions = dimensions_of(report, body)
    now, before = (
        (
            date.fromisoformat(answer[name]["from"]) if "period" in answer else date.min
            for name in ("period", "compared_with")
        )
        if "period" in answer
        else (date.min, date.min)
    )
    last = date.fromisoformat(answer["period"]["to"]) if "period" in answer else date.max
    found = {}
    for row in answer["rows"]:
        key = []
        for name, cell in zip(dimensions, row, strict=False):
            value = cell["id"] if isinstance(cell, dict) else cell
            if name in TIMES:
                # A row that is gone shows the day of the period before.
                begin = now - timedelta(days=92 if name == "quarter" else 31)
                is_now = begin <= date.fromisoformat(value) <= last
                value = place_of(value, name, now if is_now else before)
            key.append(value)
        found[tuple(key)] = row[len(dimensions) :]
    return found


def unlike_measures(
    books: Books, report: Report, body: dict[str, Any], keys: Iterable[tuple[Any, ...]]
) -> set[str]:
    """The measures of rows in several currencies or units, by the keys of the rows."""
    keys = list(keys)
    unlike = set()
    has_currency = len(dimensions_of(report, body)) > len(body["group_by"])
    if has_currency and len({key[-1] for key in keys}) > 1:
        unlike |= set(OWN_CURRENCY)
    if "product" in body["group_by"]:
        place = body["group_by"].index("product")
        products = books.catalogues["products"]
        items = [products.by_uuid(key[place]) for key in keys]
        if len({item.facts["unit"] for item in items if item is not None}) > 1:
            unlike.add("qty")
    return unlike


@pytest.mark.slow
@settings(
    max_examples=50,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_changes_are_those_of_the_documents(
    accounted: tuple[Books, Reference], data: st.DataObject
) -> None:
    books, reference = accounted
    report = data.draw(st.sampled_from(TABULAR))
    body = data.draw(bodies(report, books))
    additive = TRUTH[report.name].additive
    # Years apart, so that a day shows which of the two periods it belongs to; and well inside the
    # books, because what lies beyond them has a test of its own.
    start = data.draw(st.dates(books.first_day, date(2025, 3, 1)))
    # A year does not show which of the two periods it belongs to.
    body["group_by"] = [name for name in body["group_by"] if name != "year"] or ["firm"]
    start = start.replace(day=max(start.day, 2))
    before = dict(body)
    if report.dated == "period":
        first, last = (date.fromisoformat(body["period"][end]) for end in ("from", "to"))
        first = max(first, date(2025, 12, 5))
        last = min(max(last, first), first + timedelta(days=200))
        body["period"] = {"from": first.isoformat(), "to": last.isoformat()}
        end = start + (last - first)
        before["period"] = {"from": start.isoformat(), "to": end.isoformat()}
    else:
        body["date"] = max(
            body["date"], books.first_day.isoformat()
        )  # what is before has a test of its own
        before["date"] = start.isoformat()
    answer = trio.run(
        partial(answer_of, books, report.name, {**body, "compare_with": f"{start}", "top": SHOWN})
    )

    (now, now_totals), (old, old_totals) = (
        table_of(reference, report, request) for request in (body, before)
    )
    nothing = [Decimal(0) if name in additive else None for name in body["measures"]]
    expected = {
        key: [
            figure
            for pair in zip(now.get(key, nothing), old.get(key, nothing), strict=True)
            for figure in changes(*pair)
        ]
        for key in {*now, *old}
    }
    shown = shown_rows(answer, body, report)
    assert shown == {key: expected[key] for key in shown}
    assert answer["rows_total"] == len(expected)
    assert (answer["appeared"], answer["gone"]) == (len({*now} - {*old}), len({*old} - {*now}))
    unlike = unlike_measures(books, report, body, expected)
    below = [figures for key, figures in expected.items() if key not in shown]
    assert answer["rest"]["rows"] == len(below)
    for at, name in enumerate(body["measures"]):
        if name not in additive:
            assert name not in answer["rest"]
            continue
        is_mixed = name in unlike
        sums = [sum((figures[4 * at + side] for figures in below), Decimal(0)) for side in (0, 1)]
        totals = [now_totals[name], old_totals[name]]
        columns = [f"{name}{end}" for end in ("", "_before", "_change", "_change_pct")]
        if below and not is_mixed:
            assert [answer["rest"][column] for column in columns] == changes(*sums)
        found = [answer["totals"][column] for column in columns]
        assert found == ([None] * 4 if is_mixed else changes(*totals))
    sizes = [abs(figures[2]) for figures in shown.values() if figures[2] is not None]
    assert sizes == sorted(sizes, reverse=True)


@pytest.mark.slow
@settings(
    max_examples=50,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_shares_are_those_of_the_documents(
    accounted: tuple[Books, Reference], data: st.DataObject
) -> None:
    books, reference = accounted
    report = data.draw(st.sampled_from([one for one in TABULAR if one.name not in MIXED]))
    body = data.draw(bodies(report, books))
    measure = data.draw(st.sampled_from(TRUTH[report.name].additive))
    body["measures"] = [measure, *(name for name in body["measures"] if name != measure)]
    ask_shares = partial(answer_of, books, report.name, {**body, "share": measure, "top": SHOWN})
    rows, totals = reference.answer(report.path, body)
    sizes = sorted((row[len(body["group_by"])] for row in rows), reverse=True)
    total = totals[measure]
    keys = {tuple(row[: len(body["group_by"])]) for row in rows}
    if measure in unlike_measures(books, report, body, keys):
        with pytest.raises(ValidationFailed, match="several units"):
            trio.run(ask_shares)
        return
    if total <= 0:
        with pytest.raises(ValidationFailed, match="shares need a total above zero"):
            trio.run(ask_shares)
        return

    answer = trio.run(ask_shares)

    cumulated, expected = Decimal(0), []
    for size in sizes:
        begin, cumulated = cumulated, cumulated + size
        expected.append(
            [
                size,
                (Decimal(size) * 100 / total).quantize(KOPECK, ROUND_HALF_UP),
                (cumulated * 100 / total).quantize(KOPECK, ROUND_HALF_UP),
                "A" if begin * 100 < 80 * total else "B" if begin * 100 < 95 * total else "C",
            ]
        )
    place = len(body["group_by"])
    found = [[row[place], *row[-3:]] for row in answer["rows"]]
    assert found == expected[:SHOWN]
    assert answer["rest"].get(measure, 0) == sum(sizes[SHOWN:])
    assert answer["totals"][measure] == total


BEYOND = [
    (
        "sales_report",
        {"period": {"from": "2025-08-01", "to": "2025-10-31"}, "compare": "previous_year"},
        {"before": "2024-08-01 to 2024-10-31: nothing is in 2024-08-01 to 2024-08-31"},
    ),
    (
        "purchases_report",
        {"period": {"from": "2026-11-01", "to": "2026-12-20"}, "compare": "previous_year"},
        {"now": "2026-11-01 to 2026-12-20: nothing is in 2026-12-06 to 2026-12-20"},
    ),
    (
        "stock_balance",
        {"date": "2025-06-30", "compare": "previous_year", "group_by": ["product_group"]},
        {"before": "2024-06-30: every balance is zero"},
    ),
    ("receivables_balance", {"date": "2025-10-31", "compare": "previous_year"}, {}),
    (
        "cash_flow",
        {"period": {"from": "2026-03-02", "to": "2026-03-03"}, "compare": "previous_period"},
        {},
    ),
    # No day out of stock is a figure.
    (
        "availability_report",
        {
            "period": {"from": "2026-03-02", "to": "2026-03-03"},
            "compare": "previous_year",
            "group_by": ["warehouse"],
        },
        {},
    ),
]


@pytest.mark.parametrize(("tool", "arguments", "reasons"), BEYOND)
async def test_a_side_beyond_the_books_has_no_figures_but_a_reason(
    tool: str, arguments: dict[str, Any], reasons: dict[str, str], small_books: Books
) -> None:
    async with open_demo(small_books) as rig:
        answer = await ask(rig, tool, **arguments)

    found = answer.get("outside_books", {})
    assert set(found) == set(reasons)
    assert all(reason in found[side] for side, reason in reasons.items())
    assert all(reason in answer["notice"] for reason in found.values())
    measure = BY_NAME[tool].additive[0]  # type: ignore[attr-defined] # tables alone are here
    for figures in (answer["totals"], answer["rest"] if answer["rest"]["rows"] else {}):
        if measure in figures:
            assert (figures[measure] is None) == ("now" in reasons)
            assert (figures[f"{measure}_before"] is None) == ("before" in reasons)
            assert (figures[f"{measure}_change"] is None) == bool(reasons)
    assert (answer["appeared"] is None) == bool(reasons)


@pytest.mark.parametrize(("in_total", "side"), [(False, 0), (False, 1), (True, 0), (True, 1)])
async def test_a_kopeck_in_one_of_two_reports_is_found(
    *, in_total: bool, side: int, small_books: Books
) -> None:
    def cheat(_: str, body: Any) -> None:
        year = "2026" if side == 0 else "2025"
        if not body["period"]["from"].startswith(year):
            return
        if in_total:
            body["totals"]["amount"] += KOPECK
        else:
            body["rows"][0][-1] += KOPECK

    async with open_demo(small_books, falsify=cheat) as rig:
        with pytest.raises(OnecBadResponse, match="add up to amount"):
            await ask(
                rig,
                "sales_report",
                period=SUMMER,
                group_by=["customer"],
                measures=["amount"],
                compare="previous_year",
            )


async def test_a_list_that_is_too_long_is_refused(small_books: Books) -> None:
    limits = LimitsSettings(max_analysis_rows=5)
    async with open_demo(small_books, limits=limits) as rig:
        with pytest.raises(LimitExceeded, match="more than 5 rows"):
            await ask(rig, "sales_report", period=SUMMER, group_by=["product"], share="amount")


async def test_what_is_local_is_never_sent_to_1c(small_books: Books) -> None:
    async with open_demo(small_books) as rig:
        await ask(
            rig,
            "sales_report",
            period=SUMMER,
            group_by=["firm"],
            compare="previous_period",
            share="amount",
            ids=False,
            top=2,
            sort=[{"field": "amount_change", "dir": "asc"}],
        )
        bodies = [json.loads(request.content) for request in rig.onec.requests]

    # The last four are without filters, of the first and the last days of both periods.
    assert [one["period"] for one in bodies[2:]] == [
        {"from": "2026-06-01", "to": "2026-06-30"},
        {"from": "2026-08-24", "to": "2026-08-31"},
        {"from": "2026-03-01", "to": "2026-03-31"},
        {"from": "2026-05-24", "to": "2026-05-31"},
    ]
    assert {len(one) for one in bodies} == {4}
    common = {"group_by": ["firm"], "measures": ["amount", "qty"], "top": 100_001}
    assert bodies[:2] == [
        {"period": SUMMER, **common},
        {"period": {"from": "2026-03-01", "to": "2026-05-31"}, **common},
    ]


async def test_labels_alone_are_the_same_table_without_ids(small_books: Books) -> None:
    async with open_demo(small_books) as rig:
        for more in ({}, {"compare": "previous_year"}):
            arguments = {"period": SUMMER, "group_by": ["customer", "month"], "top": 5, **more}
            full = await ask(rig, "sales_report", **arguments)
            short = await ask(rig, "sales_report", **arguments, ids=False)

            assert short["columns"][0] == {"name": "customer", "type": "string"}
            assert short["rows"] == [[row[0]["label"], *row[1:]] for row in full["rows"]]
            rest = {name for name in full if name not in ("columns", "rows")}
            assert {name: short[name] for name in rest} == {name: full[name] for name in rest}


async def test_rows_can_be_sorted_by_what_is_added(small_books: Books) -> None:
    arguments = {"period": SUMMER, "group_by": ["customer"], "compare": "previous_year", "top": 20}
    async with open_demo(small_books) as rig:
        falls = await ask(
            rig, "sales_report", **arguments, sort=[{"field": "amount_change", "dir": "asc"}]
        )
        names = await ask(
            rig, "sales_report", **arguments, sort=[{"field": "customer", "dir": "desc"}]
        )
        with pytest.raises(ValidationFailed, match=r"sort\[0\].field: .* is not chosen"):
            await ask(rig, "sales_report", period=SUMMER, sort=[{"field": "amount_change"}])

    changed = [row[3] for row in falls["rows"]]
    assert changed == sorted(changed)
    labels = [row[0]["label"].casefold() for row in names["rows"]]
    assert labels == sorted(labels, reverse=True)


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        ({"compare": "previous_year", "compare_with": "2025-01-01"}, "compare_with"),
        ({"share": "qty", "measures": ["amount"]}, "share"),
        ({"share": "margin"}, "share"),
        ({"compare": "previous_month"}, "compare"),
    ],
)
async def test_contradictions_are_refused_without_a_request_to_1c(
    arguments: dict[str, Any], path: str, small_books: Books
) -> None:
    async with open_demo(small_books) as rig:
        with pytest.raises(ValidationFailed) as caught:
            await ask(rig, "sales_report", period=SUMMER, **arguments)

        assert [problem.path for problem in caught.value.problems] == [path]
        assert rig.onec.requests == []


async def test_currencies_are_not_added_up(small_books: Books) -> None:
    async with open_demo(small_books) as rig:
        answer = await ask(rig, "cash_balance", date="2026-09-30", compare="previous_month", top=3)
        with pytest.raises(ValidationFailed, match="several currencies"):
            await ask(rig, "cash_balance", date="2026-09-30", share="balance")

    assert answer["compared_with"] == "2026-08-31"
    assert set(answer["totals"].values()) == {None}
    assert set(answer["rest"]) == {"rows"}
    assert answer["proof"] == []


async def test_an_answer_that_is_too_large_has_fewer_rows_and_all_of_the_rest(
    small_books: Books,
) -> None:
    limits = LimitsSettings(max_result_bytes=4096)
    async with open_demo(small_books, limits=limits) as rig:
        arguments = {"period": SUMMER, "group_by": ["product"], "measures": ["amount"]}
        body = await rig.call(
            "sales_report", json.dumps({**arguments, "share": "amount", "top": 500}).encode()
        )

    answer = json.loads(body, parse_float=Decimal)
    assert len(body) <= 4096
    assert answer["rows_returned"] + answer["rest"]["rows"] == answer["rows_total"]
    assert "the limits allow no more" in answer["notice"]
    shown = sum((row[1] for row in answer["rows"]), Decimal(0))
    assert shown + answer["rest"]["amount"] == answer["totals"]["amount"]


def test_every_report_can_be_compared() -> None:
    assert {report.name for report in TABULAR} == {
        name for name, tool in BY_NAME.items() if "compare_with" in TRUTH[name].everything
    }
