"""What figures are in: the currency beside them, and no total over unlike currencies or units."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onecgw.demo.books import Books
from onecgw.errors import OnecBadResponse, ValidationFailed
from onecgw.responses.shaping import ResponseLimits, build_table
from onecgw.responses.units import MeasureUnits
from onecgw.settings import OnecSettings
from tests.builders.demo_gateway import ask, open_demo
from tests.builders.gateway_rig import answering, open_rig

UNITS = MeasureUnits(own_currency=frozenset({"balance"}), quantities=frozenset({"qty"}))
LIMITS = ResponseLimits(
    rows=100, max_rows=100, max_bytes=None, refuses_extra_rows=False, redaction=None
)
KINDS = st.lists(st.sampled_from(["UAH", "EUR", "PLN"]), max_size=6)


def balances(currencies: list[str]) -> dict[str, Any]:
    return {
        "columns": [
            {"name": "cash", "type": "ref"},
            {"name": "currency", "type": "string"},
            {"name": "balance", "type": "number"},
        ],
        "rows": [[f"k{place}", one, place + 1] for place, one in enumerate(currencies)],
        "totals": {"balance": sum(range(1, len(currencies) + 1))},
    }


def quantities(units: list[str]) -> dict[str, Any]:
    return {
        "columns": [{"name": "product", "type": "ref"}, {"name": "qty", "type": "number"}],
        "rows": [
            [{"id": f"p{place}", "label": "x", "unit": one}, place + 1]
            for place, one in enumerate(units)
        ],
        "totals": {"qty": sum(range(1, len(units) + 1))},
    }


def shaped(table: dict[str, Any]) -> Any:
    body = json.dumps(table, separators=(",", ":")).encode()
    return json.loads(build_table(body, {}, LIMITS, units=UNITS).body)


@given(KINDS)
def test_a_total_is_null_where_and_only_where_currencies_differ(currencies: list[str]) -> None:
    answer = shaped(balances(currencies))

    assert (answer["totals"]["balance"] is None) == (len(set(currencies)) > 1)
    if len(set(currencies)) > 1:
        assert answer["totals_by_currency"] == parts_of(currencies)


@given(KINDS)
def test_a_total_is_null_where_and_only_where_units_differ(units: list[str]) -> None:
    answer = shaped(quantities(units))

    assert (answer["totals"]["qty"] is None) == (len(set(units)) > 1)
    if len(set(units)) > 1:
        assert answer["totals_by_unit"] == parts_of(units)


def parts_of(kinds: list[str]) -> dict[str, int]:
    return {
        kind: sum(place + 1 for place, one in enumerate(kinds) if one == kind)
        for kind in dict.fromkeys(kinds)
    }


def test_a_list_that_is_cut_has_no_parts_but_those_of_1c() -> None:
    table = balances(["UAH"] * 150) | {"totals_by_currency": {"UAH": 7, "EUR": 5}}

    answer = shaped(table)

    assert (answer["totals"], answer["totals_by_currency"]) == (
        {"balance": None},
        {"UAH": 7, "EUR": 5},
    )


def test_a_currency_may_be_a_reference() -> None:
    table = balances(["UAH", "UAH"])
    table["columns"][1]["type"] = "ref"
    for row in table["rows"]:
        row[1] = {"id": "c1", "label": "UAH"}

    assert shaped(table)["totals"] == {"balance": 3}


@pytest.mark.parametrize(
    ("tool", "arguments", "currency"),
    [
        ("sales_report", {"period": "2026-05"}, "UAH"),
        ("sales_report", {"period": "2026-05", "measures": ["qty"]}, None),
        ("sales_report", {"period": "2026-05", "compare": "previous_year"}, "UAH"),
        ("top_products", {"period": "2026-05"}, "UAH"),
        ("stock_balance", {"date": "2026-05-31"}, None),
        ("stock_balance", {"date": "2026-05-31", "measures": ["amount"]}, "UAH"),
        ("cash_balance", {"date": "2026-05-31"}, None),
        ("cash_flow", {"period": "2026-05"}, "UAH"),
        ("receivables_balance", {"date": "2026-05-31"}, "UAH"),
        ("payables_balance", {"date": "2026-05-31"}, "UAH"),
        ("purchases_report", {"period": "2026-05"}, "UAH"),
        ("debt_aging", {"side": "payable", "date": "2026-05-31"}, "UAH"),
        ("stock_cover", {"date": "2026-05-31"}, "UAH"),
        ("margin_bridge", {"period": "2026-05"}, "UAH"),
        ("cash_conversion_cycle", {"period": "2026-05"}, "UAH"),
    ],
)
async def test_every_answer_with_money_says_its_currency(
    tool: str, arguments: dict[str, Any], currency: str | None, small_books: Books
) -> None:
    async with open_demo(small_books) as rig:
        answer = await ask(rig, tool, **arguments)

    assert answer.get("currency") == currency
    if tool != "cash_conversion_cycle":
        assert answer["as_of"] == small_books.today.isoformat()


async def test_desks_of_several_currencies_have_a_total_in_the_base_currency(
    small_books: Books,
) -> None:
    async with open_demo(small_books) as rig:
        answer = await ask(
            rig, "cash_balance", date="2026-05-31", measures=["balance", "balance_base"]
        )
        changed = await ask(rig, "cash_balance", date="2026-05-31", compare="previous_year")
        with pytest.raises(ValidationFailed, match="several currencies"):
            await ask(rig, "cash_balance", date="2026-05-31", share="balance")

    own: dict[str, Decimal] = {}
    base = Decimal(0)
    for _, currency, balance, in_base in answer["rows"]:
        own[currency] = own.get(currency, Decimal(0)) + balance
        base += in_base
    assert len(own) > 1
    assert (answer["totals"], answer["totals_by_currency"]) == (
        {"balance": None, "balance_base": base},
        own,
    )
    parts = {name: part["balance"] for name, part in changed["totals_by_currency"].items()}
    assert (parts, changed["totals"]["balance"]) == (own, None)


async def test_quantities_of_several_units_are_not_added_up(small_books: Books) -> None:
    arguments = {"date": "2026-05-31", "group_by": ["product"], "measures": ["qty", "amount"]}
    async with open_demo(small_books) as rig:
        plain = await ask(rig, "stock_balance", **arguments, top=5000)
        changed = await ask(rig, "stock_balance", **arguments, compare="previous_year")
        with pytest.raises(ValidationFailed, match="several units"):
            await ask(rig, "stock_balance", **arguments, share="qty")

    by_unit: dict[str, Decimal] = {}
    for product, qty, _ in plain["rows"]:
        by_unit[product["unit"]] = by_unit.get(product["unit"], Decimal(0)) + qty
    assert plain["totals"]["qty"] is None
    assert plain["totals"]["amount"] == sum(row[2] for row in plain["rows"])
    parts = {name: part["qty"] for name, part in changed["totals_by_unit"].items()}
    assert {unit: qty for unit, qty in parts.items() if qty} == by_unit
    assert changed["totals"]["qty"] is None


async def test_a_currency_that_is_not_named_is_not_invented() -> None:
    table = (
        b'{"columns":[{"name":"month","type":"date"},{"name":"amount","type":"number"}],'
        b'"rows":[["2026-05-01",1.10]],"totals":{"amount":1.10}}'
    )
    arguments = b'{"period":"2026-05","group_by":["month"],"measures":["amount"]}'
    async with open_rig(answering(table)) as rig:
        silent = json.loads(await rig.call("sales_report", arguments))
    stated = OnecSettings(base_url="http://1c.test/trade/hs", base_currency="UAH")
    async with open_rig(answering(table), onec=stated) as rig:
        named = json.loads(await rig.call("sales_report", arguments))

    assert ("currency" in silent, named["currency"]) == (False, "UAH")


async def test_reports_in_two_currencies_make_no_analysis(small_books: Books) -> None:
    def falsify(report: str, body: Any) -> None:
        if report == "stock":
            body["currency"] = "EUR"

    async with open_demo(small_books, falsify=falsify) as rig:
        with pytest.raises(OnecBadResponse, match=r"different currencies \(EUR, UAH\)"):
            await ask(rig, "stock_cover", date="2026-05-31")


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("sales_report", {"period": "2027-01"}),
        ("sales_report", {"period": "2027-01", "compare": "previous_year"}),
        ("cash_balance", {"date": "2027-01-31"}),
        ("debt_aging", {"side": "payable", "date": "2027-01-31"}),
        ("customer_summary", {"period": "2027-01", "customer": "Ромашка"}),
    ],
)
async def test_a_day_after_the_last_document_is_said(
    tool: str, arguments: dict[str, Any], small_books: Books
) -> None:
    last = small_books.today.isoformat()
    async with open_demo(small_books) as rig:
        if "customer" in arguments:
            (found,) = (await ask(rig, "resolve_customer", query="а", limit=1))["candidates"]
            arguments = {"period": arguments["period"], "customer_id": found["id"]}
        answer = await ask(rig, tool, **arguments)

    said = f"The last document is of {last}: days after it, up to 2027-01-31, are empty."
    assert said in answer["notice"]


async def test_the_largest_purchases_come_first(small_books: Books) -> None:
    async with open_demo(small_books) as rig:
        first = await ask(rig, "purchases_report", period="2026-01-01..2026-06-30", top=5)
        ranked = await ask(rig, "purchases_report", period="2026-01-01..2026-06-30")

    amounts = [row[-1] for row in ranked["rows"]]
    assert [row[-1] for row in first["rows"]] == sorted(amounts, reverse=True)[:5]
