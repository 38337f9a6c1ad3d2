from typing import Any

from onecgw.auth.caller import MONEY, SALES, STOCK
from onecgw.catalogue.capabilities import Capabilities, OwnFirm
from onecgw.demo.books import Books
from tests.builders.demo_gateway import ask, open_demo
from tests.conftest import TODAY


async def test_the_books_firms_and_desks_of_the_demo(small_books: Books) -> None:
    async with open_demo(small_books) as rig:
        answer = await ask(rig, "company")

    assert answer["last_document_day"] == TODAY.isoformat()
    assert set(answer["last_day_by_report"]) == {"sales_report", "purchases_report", "cash_flow"}
    firms = {firm.uuid: firm.label for firm in small_books.catalogues["firms"].items}
    assert {firm["id"]: firm["label"] for firm in answer["firms"]} == firms
    assert {desk["cash"]["id"]: desk["currency"] for desk in answer["desks"]} == {
        desk.uuid: desk.facts["currency"] for desk in small_books.catalogues["cash"].items
    }
    assert answer["base_currency"] == "UAH"
    assert answer["missing"] == []
    assert (answer["as_of"], answer["closed_until"]) == (TODAY.isoformat(), None)


async def test_what_health_says_of_the_books_is_shown(small_books: Books) -> None:
    firms = tuple(OwnFirm(id=f"f{number}", label=f"ТОВ {number}") for number in range(60))
    async with open_demo(small_books) as rig:
        rig.gateway.catalogue.capabilities = Capabilities(
            as_of="2026-11-20", closed_until="2026-09-30", firms=firms
        )
        answer = await ask(rig, "company")

    assert (answer["as_of"], answer["closed_until"]) == ("2026-11-20", "2026-09-30")
    assert answer["firms"] == [{"id": one.id, "label": one.label} for one in firms[:50]]
    assert (answer["firms_total"], answer["basis"]["firms"]) == (60, "as 1C lists them")


async def test_a_report_that_failed_is_missing_and_the_others_are_there(small_books: Books) -> None:
    def lose(name: str, body: Any) -> None:
        if name == "cash_flow":
            body.clear()

    async with open_demo(small_books, falsify=lose) as rig:
        answer = await ask(rig, "company")

    assert [one["report"] for one in answer["missing"]] == ["cash_flow"]
    assert answer["last_day_by_report"]["cash_flow"] is None
    assert answer["last_document_day"] == TODAY.isoformat()


async def test_what_the_base_lacks_is_named_only_to_callers_with_the_scope(
    small_books: Books,
) -> None:
    lacking = Capabilities(
        profile="upp-1.3",
        unavailable_tools=frozenset({"stock_balance"}),
        unsupported={"sales_report": {"measures": frozenset({"cost", "receipts"})}},
        always_empty=frozenset({"sales_channel"}),
    )
    async with open_demo(small_books) as rig:
        catalogue = rig.gateway.catalogue
        catalogue.capabilities = lacking
        body = {
            scopes: catalogue.capabilities_for(scopes)
            for scopes in (frozenset({SALES, MONEY}), frozenset({SALES, MONEY, STOCK}))
        }
        answer = await ask(rig, "company")

    narrow, wide = body.values()
    assert narrow.unavailable_tools == frozenset()
    assert wide.unavailable_tools == {"stock_balance"}
    assert narrow.unsupported == {"sales_report": {"measures": {"receipts"}}}
    assert narrow.always_empty == frozenset()
    assert answer["backend_profile"] == "upp-1.3"
    assert answer["not_supported"] == [
        "stock_balance",
        "resolve_sales_channel: finds nothing",
        "sales_report measures: cost, receipts",
    ]
