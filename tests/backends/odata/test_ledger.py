"""БП: every report from the postings of one accounting register."""

import json
from typing import Any

import msgspec
import pytest

from onecgw.backends.odata.settings import ODataSettings
from onecgw.errors import OnecNotPublished
from tests.backends.odata.conftest import backend_of
from tests.backends.odata.ledger import ACCOUNTS, BANK, BUYER, ledger_base

FEBRUARY = {"from": "2026-02-01", "to": "2026-02-28"}
END = "2026-02-28"


async def rows_of(operation: str, body: dict[str, Any], **settings: Any) -> list[list[Any]]:
    backend = backend_of(ledger_base(), "bp", settings=ODataSettings(**settings))
    answer = msgspec.json.decode(await backend.fetch(operation, json.dumps(body).encode()))
    return [
        [cell["label"] if isinstance(cell, dict) else cell for cell in row]
        for row in answer["rows"]
    ]


async def test_debts_and_advances_are_those_of_their_accounts() -> None:
    assert await rows_of("reports/receivables", {"date": END}) == [
        ["Ромашка", 100.5, 0.0, 100.5],
        ["Василёк", 99.5, 70.0, 29.5],
    ]
    assert await rows_of("reports/payables", {"date": END}) == [["Завод", 1000.0, 30.0, 970.0]]


async def test_stock_finds_its_subconto_by_their_types() -> None:
    body = {"date": END, "measures": ["qty", "amount"]}
    assert await rows_of("reports/stock", body) == [["Главный", "Чайник", 6, 600.0]]


async def test_money_without_a_bank_account_stands_under_its_account() -> None:
    body = {"date": END}
    assert await rows_of("reports/cash_balance", body) == [
        ["Основной счёт", 530.0],
        ["50.01 Счёт 50.01", 10.0],
    ]


async def test_sales_join_the_customer_of_one_account_with_the_product_of_the_other() -> None:
    body = {"period": FEBRUARY, "group_by": ["customer", "product"]}
    assert await rows_of("reports/sales", body) == [
        ["Ромашка", "Чайник", 600.5, 4],
        ["Василёк", "Чайник", 99.5, 1],
    ]


async def test_purchases_are_the_credit_of_suppliers_without_advances() -> None:
    body = {"period": {"from": "2026-01-01", "to": END}}
    assert await rows_of("reports/purchases", body) == [["Завод", "2026-01-01", 1000.0]]


async def test_cash_flow_tells_whom_the_money_came_from() -> None:
    body = {"period": FEBRUARY, "group_by": ["analytics"], "sort": [{"field": "analytics"}]}
    assert await rows_of("reports/cash_flow", body) == [
        ["Василёк", 70.0, 0.0, 70.0],
        ["Завод", 0.0, 30.0, -30.0],
        ["Ромашка", 500.0, 0.0, 500.0],
        ["Оплата", 0.0, 10.0, -10.0],
        ["Основной счёт", 10.0, 0.0, 10.0],
    ]


@pytest.mark.parametrize("max_url_bytes", [700, 900, 1900])
async def test_accounts_that_do_not_fit_one_address_are_asked_for_in_several(
    max_url_bytes: int,
) -> None:
    body = {"date": END, "group_by": ["cash", "firm"]}
    found = await rows_of("reports/cash_balance", body, max_url_bytes=max_url_bytes)
    assert [row[-1] for row in found] == [530.0, 10.0]


async def test_what_the_register_cannot_tell_is_refused_with_the_reason() -> None:
    with pytest.raises(OnecNotPublished) as caught:
        await rows_of("reports/sales", {"period": FEBRUARY, "measures": ["margin"]})
    assert caught.value.message == (
        "this 1C base cannot answer measures margin of sales_report: account 90.02.1 keeps cost "
        "by product group alone"
    )


async def test_bank_accounts_and_cash_accounts_are_found_by_name() -> None:
    backend = backend_of(ledger_base(), "bp")
    for query, found in (("основной", BANK), ("50.01", ACCOUNTS["50.01"])):
        answer = await backend.fetch("resolve/cash", json.dumps({"query": query}).encode())
        assert [one["id"] for one in msgspec.json.decode(answer)["candidates"]] == [found]


async def test_customer_card_says_nothing_of_what_the_register_does_not_keep() -> None:
    backend = backend_of(ledger_base(), "bp")
    body = {"customer_id": BUYER, "period": FEBRUARY}
    answer = await backend.fetch("reports/customer_summary", json.dumps(body).encode())
    found = msgspec.json.decode(answer)
    assert found["totals"] == {"amount": 600.5, "qty": 4}
    assert found["last_purchase"] is None


async def test_chart_of_accounts_tells_the_two_accounting_profiles_apart() -> None:
    base = ledger_base()
    assert (await backend_of(base, "bp", "bas_accounting").capabilities()).profile == "bp-3.0"
    base.sets["ChartOfAccounts_Хозрасчетный"] = [
        {"Ref_Key": ACCOUNTS["361"], "Code": code, "Description": code}
        for code in ("361", "631", "702")
    ]
    profile = (await backend_of(base, "bp", "bas_accounting").capabilities()).profile
    assert profile == "bas-accounting"
