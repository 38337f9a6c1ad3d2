"""What an accountant answers to the questions: plain Python over the documents.

Tables come from tests/demo/reference.py, which reads the documents line by line; ageing, cover and
the bridge from tests/analysis/accountant.py, which has only the exported CSV.
"""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

import attrs

from onecgw.catalogue.tools import BY_NAME
from tests.analysis.accountant import Accountant
from tests.analysis.cycle.accountant import Accountant as CycleAccountant
from tests.demo.reference import Reference

CENT: Final = Decimal("0.01")


@attrs.frozen(kw_only=True)
class Accountants:
    """Who has read the documents of some books."""

    tables: Reference
    analyses: Accountant
    cycle: CycleAccountant

    def label(self, value: Any) -> Any:
        """The name behind an id; anything else as it is."""
        return self.tables.place[value][2] if value in self.tables.place else value


def check(accountants: Accountants, tool: str, arguments: Mapping[str, Any], answer: Any) -> None:
    """Compare an answer with what the accountant finds; an AssertionError says where it differs."""
    _CHECKS.get(tool, _check_table)(accountants, tool, arguments, answer)


def _check_table(
    accountants: Accountants, tool: str, arguments: Mapping[str, Any], answer: Any
) -> None:
    if arguments.get("compare"):
        _check_compared(accountants, tool, arguments, answer)
    elif arguments.get("share"):
        _check_share(accountants, tool, arguments, answer)
    else:
        rows, totals = _table(accountants, tool, arguments)
        assert [_cells(row) for row in answer["rows"]] == rows
        _check_totals(answer, totals)
        assert not answer["truncated"] or len(rows) == arguments["top"]


def _check_totals(answer: Any, totals: Mapping[str, Any]) -> None:
    """Check totals; unlike units have none, but parts that add up to it if the list is whole."""
    assert answer["totals"].keys() == totals.keys()
    for name, total in totals.items():
        if name == "qty" and answer["totals"][name] is None:
            parts = answer.get("totals_by_unit")
            assert answer["truncated"] if parts is None else sum(parts.values()) == total
        else:
            assert answer["totals"][name] == total


def _cells(row: list[Any]) -> list[Any]:
    return [cell["id"] if isinstance(cell, dict) else cell for cell in row]


def _table(
    accountants: Accountants, tool: str, arguments: Mapping[str, Any]
) -> tuple[list[list[Any]], dict[str, Any]]:
    path = BY_NAME[tool].operation.removeprefix("reports/")
    known = ("period", "date", "filters", "group_by", "measures", "sort", "top")
    return accountants.tables.answer(
        path, {name: arguments[name] for name in known if name in arguments}
    )


def _whole(
    accountants: Accountants, tool: str, arguments: Mapping[str, Any], **changed: Any
) -> tuple[dict[tuple[Any, ...], list[Any]], dict[str, Any]]:
    """Every row by its key, whatever the order, and the totals."""
    requested = {name: value for name, value in arguments.items() if name not in ("sort", "top")}
    rows, totals = _table(accountants, tool, requested | changed)
    width = len(arguments["group_by"])
    return {tuple(row[:width]): row[width:] for row in rows}, totals


def _check_compared(
    accountants: Accountants, tool: str, arguments: Mapping[str, Any], answer: Any
) -> None:
    now, now_totals = _whole(accountants, tool, arguments)
    before, before_totals = _whole(accountants, tool, arguments, **_earlier(arguments))
    nothing = [Decimal(0)] * len(arguments["measures"])
    expected = {
        _key(accountants, key, arguments): _changes(now.get(key, nothing), before.get(key, nothing))
        for key in {*now, *before}
    }
    width = len(arguments["group_by"])
    shown = {tuple(_cells(row)[:width]): row[width:] for row in answer["rows"]}
    assert shown == {key: expected[key] for key in shown}
    assert answer["rows_total"] == len(expected)
    assert len(shown) == min(arguments.get("top", 10), len(expected))
    names = answer["columns"][width:]
    totals_given = [answer["totals"][column["name"]] for column in names]
    assert totals_given == _changes(list(now_totals.values()), list(before_totals.values()))
    for key in arguments.get("sort", ())[:1]:
        place = [column["name"] for column in names].index(key["field"])
        every = sorted((row[place] for row in expected.values()), reverse=key["dir"] == "desc")
        assert [row[place] for row in shown.values()] == every[: len(shown)]


def _key(
    accountants: Accountants, key: tuple[Any, ...], arguments: Mapping[str, Any]
) -> tuple[Any, ...]:
    """The key, as labels where ids were not requested."""
    if arguments.get("ids") is False:
        return tuple(accountants.label(value) for value in key)
    return key


def _changes(now: list[Any], before: list[Any]) -> list[Any]:
    found: list[Any] = []
    for after, old in zip(now, before, strict=True):
        change = after - old
        part = None if old == 0 else _percent(change, abs(old))
        found += [after, old, change, part]
    return found


def _percent(part: Any, whole: Any) -> Decimal:
    return (Decimal(part) * 100 / Decimal(whole)).quantize(CENT, ROUND_HALF_UP)


def _earlier(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The dates a year before, or of the months before; the questions ask for whole months."""
    if "date" in arguments:
        day = date.fromisoformat(arguments["date"])
        return {"date": day.replace(year=day.year - 1).isoformat()}
    first, last = (date.fromisoformat(arguments["period"][end]) for end in ("from", "to"))
    if arguments["compare"] == "previous_year":
        ends = [day.replace(year=day.year - 1) for day in (first, last)]
    else:
        assert (first.day, (last + timedelta(days=1)).month) == (1, first.month % 12 + 1)
        last = first - timedelta(days=1)
        ends = [last.replace(day=1), last]
    return {"period": dict(zip(("from", "to"), (day.isoformat() for day in ends), strict=True))}


def _check_share(
    accountants: Accountants, tool: str, arguments: Mapping[str, Any], answer: Any
) -> None:
    rows, totals = _whole(accountants, tool, arguments)
    place = arguments["measures"].index(arguments["share"])
    total = totals[arguments["share"]]
    ranked = sorted(rows.items(), key=lambda row: row[1][place], reverse=True)
    cumulated, expected = Decimal(0), {}
    for key, figures in ranked:
        begin, cumulated = cumulated, cumulated + figures[place]
        grade = "A" if begin * 100 < 80 * total else "B" if begin * 100 < 95 * total else "C"
        parts = [_percent(part, total) for part in (figures[place], cumulated)]
        expected[_key(accountants, key, arguments)] = [*figures, *parts, grade]
    width = len(arguments["group_by"])
    shown = [(tuple(_cells(row)[:width]), row[width:]) for row in answer["rows"]]
    assert shown == [*expected.items()][: len(shown)]
    assert len(shown) == min(arguments.get("top", 10), len(expected))
    assert answer["totals"] == totals


def _check_debts(
    accountants: Accountants, tool: str, arguments: Mapping[str, Any], answer: Any
) -> None:
    del tool
    day = date.fromisoformat(arguments["date"])
    found = accountants.analyses.debts(arguments["side"], day, partners=None, firms=None)
    owing = {uuid: cells for uuid, cells in found.items() if cells[2]}
    shown = {row[0]["id"]: row[1:] for row in answer["rows"]}
    assert shown == {uuid: owing[uuid] for uuid in shown}
    largest = sorted((cells[2] for cells in owing.values()), reverse=True)
    assert [cells[2] for cells in shown.values()] == largest[: len(shown)]
    assert answer["rows_total"] == len(owing)
    names = [column["name"] for column in answer["columns"]][3:]
    sums = [sum((cells[place] for cells in owing.values()), Decimal(0)) for place in range(2, 7)]
    assert [answer["totals"][name] for name in names[:5]] == sums


def _check_cover(
    accountants: Accountants, tool: str, arguments: Mapping[str, Any], answer: Any
) -> None:
    del tool
    day = date.fromisoformat(arguments["date"])
    found = accountants.analyses.cover(day, arguments["days"], warehouses=None, firms=None)
    bucket = arguments.get("bucket", "no_sale")
    meant = {uuid: cells[1:] for uuid, cells in found.items() if cells[0] == bucket}
    assert answer["rows_total"] == len(meant)
    for row in answer["rows"]:
        product, _, *figures = row
        assert figures == meant[product["id"]][1:]
    names = [column["name"] for column in answer["columns"]]
    for name, place in (("qty", 1), ("amount", 2)):
        if answer["totals"].get(name) is not None:
            assert name in names
            assert answer["totals"][name] == sum(cells[place] for cells in meant.values())


def _check_bridge(
    accountants: Accountants, tool: str, arguments: Mapping[str, Any], answer: Any
) -> None:
    del tool
    days, earlier = (
        tuple(date.fromisoformat(period[end]) for end in ("from", "to"))
        for period in (
            arguments["period"],
            _earlier({**arguments, "compare": "previous_year"})["period"],
        )
    )
    found = accountants.analyses.bridge(
        (days[0], days[1]),
        (earlier[0], earlier[1]),
        by=arguments["by"],
        is_meant=lambda _: True,
    )
    for row in answer["rows"]:
        assert sorted(map(str, row[1:])) == sorted(map(str, found[row[0]["id"]]))
    sums = [sum(column, Decimal(0)) for column in zip(*found.values(), strict=True)]
    assert sorted(map(str, answer["totals"].values())) == sorted(map(str, sums))


def _check_cycle(
    accountants: Accountants, tool: str, arguments: Mapping[str, Any], answer: Any
) -> None:
    del tool
    period, before = arguments["period"], _earlier({**arguments, "compare": "previous_year"})
    days, earlier = (
        tuple(date.fromisoformat(one[end]) for end in ("from", "to"))
        for one in (period, before["period"])
    )
    expected = accountants.cycle.answer(
        days[0],
        days[1],
        (earlier[0], earlier[1]),
        basis=arguments["balance_basis"],
        dpo_base="purchases",
    )
    for name in ("dio", "dso", "dpo", "ccc"):
        assert answer["summary"][name] == expected["summary"][name]
        assert answer["summary"]["change"][name] == expected["change"][name]
    assert answer["working_capital"] == expected["working_capital"]
    for series, by in (("stock", "product_group"), ("receivable", "customer")):
        part = answer["where"][series]
        assert part["by"] == by
        ends = [accountants.cycle.balances(day)[series] for day in (earlier[1], days[1])]
        assert part["total"][1:] == [*ends, ends[1] - ends[0]]
        parts = [*(row[1:] for row in part["rows"]), part["rest"][1:]]
        assert [sum(column) for column in zip(*parts, strict=True)] == part["total"][1:]


def _check_ranking(
    accountants: Accountants, tool: str, arguments: Mapping[str, Any], answer: Any
) -> None:
    del tool
    requested = {
        "period": arguments["period"],
        "group_by": ["product"],
        "measures": ["amount", "qty"],
        "sort": [{"field": "amount", "dir": "desc"}],
        "top": 10,
    }
    rows, totals = _table(accountants, "sales_report", requested)
    assert [_cells(row) for row in answer["rows"]] == rows
    _check_totals(answer, totals)


def _check_card(
    accountants: Accountants, tool: str, arguments: Mapping[str, Any], answer: Any
) -> None:
    del tool
    customer = answer["customer"]["id"]
    requested = {
        "period": arguments["period"],
        "filters": {"customer_ids": [customer]},
        "group_by": ["product"],
        "measures": [*answer["totals"]],
        "sort": [{"field": "amount", "dir": "desc"}],
        "top": 5,
    }
    rows, totals = _table(accountants, "sales_report", requested)
    assert answer["totals"] == totals
    assert [one["id"] for one in answer["top_products"]] == [row[0] for row in rows]
    bought = [
        row["day"]
        for row in accountants.tables.sales
        if row["customer"] == customer
        and row["kind"] == "sale"
        and row["day"] <= arguments["period"]["to"]
    ]
    assert answer["last_purchase"] == max(bought)


def _check_details(
    accountants: Accountants, tool: str, arguments: Mapping[str, Any], answer: Any
) -> None:
    del tool
    catalogue = {row["uuid"]: row for row in accountants.analyses.rows("products")}
    [found] = answer["candidates"]
    row = catalogue[arguments["product_ids"][0]]
    assert found == {
        "id": row["uuid"],
        "label": row["label"],
        "code": row["code"],
        "group": row["parent"],
        "unit": row["unit"],
        "status": "archived" if row["archived"] == "1" else "active",
    }


def _check_warehouses(
    accountants: Accountants, tool: str, arguments: Mapping[str, Any], answer: Any
) -> None:
    del tool, arguments
    known = sorted(row["uuid"] for row in accountants.analyses.rows("warehouses"))
    assert sorted(one["id"] for one in answer["candidates"]) == known
    assert answer["total"] == len(known)


def _check_company(
    accountants: Accountants, tool: str, arguments: Mapping[str, Any], answer: Any
) -> None:
    del tool, arguments
    days = [row["day"] for table in _DOCUMENTS for row in accountants.analyses.rows(table)]
    assert answer["last_document_day"] == max(days)
    assert {one["id"] for one in answer["firms"]} == {*accountants.analyses.firms}
    desks = {row["uuid"]: row["currency"] for row in accountants.analyses.rows("cash")}
    assert {one["cash"]["id"]: one["currency"] for one in answer["desks"]} == desks


_DOCUMENTS: Final = ("sales", "purchases", "cash_documents", "cash_transfers")
_CHECKS: Final[Mapping[str, Callable[[Accountants, str, Mapping[str, Any], Any], None]]] = {
    "debt_aging": _check_debts,
    "stock_cover": _check_cover,
    "margin_bridge": _check_bridge,
    "cash_conversion_cycle": _check_cycle,
    "top_products": _check_ranking,
    "customer_summary": _check_card,
    "product_details": _check_details,
    "resolve_warehouse": _check_warehouses,
    "company": _check_company,
}
