import json
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import httpx
import pytest

from onecgw.auth.caller import ALL_SCOPES, COST, MONEY, RESOLVE, SALES, STOCK
from onecgw.demo.accounts import ACCOUNTS
from onecgw.demo.books import Books
from onecgw.demo.report_requests import RequestError
from onecgw.demo.reports import TABULAR
from onecgw.demo.resolvers import RESOLVERS
from tests.builders.demo_queries import TODAY, WHOLE, ask, call
from tests.builders.demo_server import client_in_memory, demo_on_socket

PERIOD = {"from": "2026-09-01", "to": "2026-09-30"}
NEEDED = {
    **{f"/mcp/resolve/{resolver.path}": resolver.scope for resolver in RESOLVERS},
    **{f"/mcp/reports/{report.path}": report.scope for report in TABULAR},
    "/mcp/reports/top_products": SALES,
    "/mcp/reports/customer_summary": SALES,
}
UNKNOWN_ID = "00000000-0000-4000-8000-000000000000"


def later(day: str, days: int) -> str:
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


def uuid_of(books: Books, catalogue: Any, label: str) -> str:
    return next(item.uuid for item in books.catalogues[catalogue].items if item.label == label)


async def test_health_says_ok_and_the_time(small_books: Books) -> None:
    async with client_in_memory(small_books) as client:
        answer = (await client.get("/mcp/health")).json()
    assert answer["status"] == "ok"
    assert answer["time"].endswith("Z")


async def test_wrong_technical_user_is_refused_on_every_call(small_books: Books) -> None:
    async with client_in_memory(small_books) as client:
        for auth in (None, httpx.BasicAuth("other", "password")):
            client.auth = auth  # type: ignore[assignment] # None is no authentication
            for method, path in (("GET", "/mcp/health"), ("POST", "/mcp/reports/sales")):
                response = await client.request(method, path)
                assert response.status_code == 401
                assert "WWW-Authenticate" in response.headers


async def test_keys_of_the_roles_are_verified_with_their_scopes(small_books: Books) -> None:
    async with client_in_memory(small_books) as client:
        answers = [
            (await client.post("/mcp/auth/verify", json={"key": account.key})).json()
            for account in ACCOUNTS
        ]
        refused = await client.post("/mcp/auth/verify", json={"key": "nobody's"})
    assert [(answer["sub"], answer["scopes"]) for answer in answers] == [
        ("demo-owner", list(ALL_SCOPES)),
        ("demo-sales", [RESOLVE, SALES]),
        ("demo-warehouse", [RESOLVE, STOCK]),
        ("demo-treasurer", [RESOLVE, MONEY]),
    ]
    assert (refused.status_code, refused.json()["error"]) == (403, "invalid_key")


@pytest.mark.parametrize(("path", "scope"), NEEDED.items())
async def test_call_without_its_scope_is_refused_again(
    small_books: Books, path: str, scope: str
) -> None:
    others = tuple(one for one in ALL_SCOPES if one != scope)
    async with client_in_memory(small_books, scopes=others) as client:
        without = await client.post(path, json={})
        del client.headers["X-MCP-Scopes"]
        nameless = await client.post(path, json={})
    assert (without.status_code, without.json()["error"]) == (403, "forbidden")
    assert (nameless.status_code, nameless.json()["error"]) == (403, "forbidden")


async def test_cost_measures_need_their_scope(small_books: Books) -> None:
    async with client_in_memory(small_books, scopes=(SALES,)) as client:
        for measure in ("cost", "profit", "margin"):
            body = {"period": PERIOD, "measures": [measure]}
            response = await client.post("/mcp/reports/sales", json=body)
            assert response.status_code == 403
            assert COST in response.json()["message"]


def test_restricted_warehouse_is_not_there_without_its_scope(small_books: Books) -> None:
    secret = uuid_of(small_books, "warehouses", "Резервний склад")
    some = (RESOLVE, SALES, STOCK, MONEY)
    questions: list[tuple[str, dict[str, Any]]] = [
        ("sales", {"period": WHOLE}),
        ("stock", {}),
        ("purchases", {"period": WHOLE}),
    ]
    for report, dated in questions:
        body = {**dated, "group_by": ["warehouse"], "measures": ["amount"]}
        seen, unseen = ask(small_books, report, **body), ask(small_books, report, some, **body)
        amounts = seen.by("warehouse", measure="amount")
        hidden = amounts.pop(secret)
        assert unseen.by("warehouse", measure="amount") == amounts
        assert unseen.totals["amount"] == seen.totals["amount"] - hidden
        assert any(COST in note for note in unseen.raw["notes"])
        refused = []
        for warehouse in (secret, UNKNOWN_ID):
            with pytest.raises(RequestError) as caught:
                ask(small_books, report, some, **dated, filters={"warehouse_ids": [warehouse]})
            refused.append((caught.value.code, caught.value.message.replace(warehouse, "")))
        assert refused[0] == refused[1]
    names = call(small_books, "resolve/warehouse", some, query="склад")["candidates"]
    assert secret not in [name["id"] for name in names]


@pytest.mark.parametrize(
    ("path", "body", "named"),
    [
        ("sales", {}, "period"),
        ("sales", {"period": {"from": "2026-09-01"}}, "period.to"),
        ("sales", {"period": {"from": "2026-02-30", "to": "2026-03-01"}}, "period.from"),
        ("sales", {"period": {"from": "2026-09-02", "to": "2026-09-01"}}, "period.from"),
        ("sales", {"period": {"from": "20260901", "to": "2026-09-01"}}, "period.from"),
        ("sales", {"period": {"from": "0001-01-01", "to": "2026-09-01"}}, "period.from"),
        ("sales", {"period": {"from": "2026-09-01", "to": "9999-12-31"}}, "period.to"),
        ("stock", {"date": "0001-01-01"}, "date"),
        ("sales", {"period": {**PERIOD, "day": 1}}, "period.day"),
        ("sales", {"period": PERIOD, "date": "2026-09-01"}, "date"),
        ("sales", {"period": PERIOD, "filters": {"seller_ids": []}}, "filters.seller_ids"),
        ("sales", {"period": PERIOD, "filters": {"firm_ids": []}}, "filters.firm_ids"),
        ("sales", {"period": PERIOD, "filters": {"firm_ids": ["x"]}}, "filters.firm_ids[0]"),
        ("sales", {"period": PERIOD, "filters": {"firm_ids": [UNKNOWN_ID]}}, UNKNOWN_ID),
        ("sales", {"period": PERIOD, "filters": {"customer_cohort": "old"}}, "customer_cohort"),
        ("sales", {"period": PERIOD, "filters": {"customer_cohort": None}}, "customer_cohort"),
        ("sales", {"period": PERIOD, "group_by": ["color"]}, "group_by[0]"),
        ("sales", {"period": PERIOD, "group_by": []}, "group_by"),
        ("sales", {"period": PERIOD, "group_by": ["day", "day"]}, "group_by"),
        ("sales", {"period": PERIOD, "measures": ["weight"]}, "measures[0]"),
        ("sales", {"period": PERIOD, "top": 0}, "top"),
        ("sales", {"period": PERIOD, "top": True}, "top"),
        ("sales", {"period": PERIOD, "top": "5"}, "top"),
        ("sales", {"period": PERIOD, "sort": [{"field": "cost"}]}, "sort[0].field"),
        ("sales", {"period": PERIOD, "sort": [{"field": "qty", "dir": "up"}]}, "sort[0].dir"),
        ("sales", {"period": PERIOD, "sort": {"field": "qty"}}, "sort"),
        ("stock", {"date": "2026-13-01"}, "date"),
        ("cash_balance", {"group_by": ["currency"]}, "group_by[0]"),
        ("top_products", {"period": PERIOD, "by": "cost"}, "by"),
        ("top_products", {"period": PERIOD, "group_by": ["product"]}, "group_by"),
        ("top_products", {"period": PERIOD, "filters": {"firm_ids": []}}, "filters.firm_ids"),
        ("customer_summary", {"period": PERIOD}, "customer_id"),
        ("customer_summary", {"period": PERIOD, "customer_id": UNKNOWN_ID}, UNKNOWN_ID),
    ],
)
async def test_wrong_argument_is_refused_by_name(
    small_books: Books, path: str, body: dict[str, Any], named: str
) -> None:
    async with client_in_memory(small_books) as client:
        response = await client.post(f"/mcp/reports/{path}", json=body)
    assert response.status_code == 400
    assert set(response.json()) == {"error", "message"}
    assert named in response.json()["message"]


async def test_body_that_is_no_json_object_is_refused(small_books: Books) -> None:
    async with client_in_memory(small_books) as client:
        for content in (b"", b"[]", b"{", b"[" * 100_000, b'{"\\ud800": 1}'):
            response = await client.post("/mcp/reports/stock", content=content)
            assert (response.status_code, response.json()["error"]) == (400, "invalid_json")


async def test_unknown_path_is_the_web_servers_404(small_books: Books) -> None:
    async with client_in_memory(small_books) as client:
        response = await client.post("/mcp/reports/weather", json={})
    assert response.status_code == 404
    assert response.headers["content-type"].startswith("text/html")


def test_folder_is_refused_where_only_leaves_make_sense(small_books: Books) -> None:
    dealers = uuid_of(small_books, "partners", "Дилери")
    with pytest.raises(Exception, match="folder"):
        ask(small_books, "cash_flow", period=WHOLE, filters={"customer_ids": [dealers]})
    with pytest.raises(Exception, match="folder"):
        call(small_books, "reports/customer_summary", customer_id=dealers, period=WHOLE)


async def test_answer_is_compact_utf8_with_exact_digits(small_books: Books) -> None:
    async with demo_on_socket(small_books) as url, httpx.AsyncClient(base_url=url) as client:
        response = await client.post(
            "/mcp/reports/cash_balance",
            json={"date": TODAY.isoformat(), "top": 1},
            auth=(b"\xd0\xa8\xd0\xbb\xd1\x8e\xd0\xb7", "пароль".encode()),
            headers={"X-MCP-Scopes": MONEY},
        )
    text = response.content.decode("utf-8")
    assert text.startswith('{"columns":[{"name":"cash","type":"ref"},')
    found = json.loads(text, parse_float=str)
    balance = found["rows"][0][2]
    assert len(balance.partition(".")[2]) == 2
    assert found["totals_by_currency"].keys() == {"UAH", "EUR", "PLN"}


def test_period_date_and_filters_are_echoed(small_books: Books) -> None:
    firms = {"firm_ids": [small_books.catalogues["firms"].items[0].uuid]}
    sales = ask(small_books, "sales", period=PERIOD, filters=firms)
    assert (sales.raw["period"], sales.raw["applied_filters"]) == (PERIOD, firms)
    assert ask(small_books, "stock").raw["date"] == TODAY.isoformat()


def test_balance_after_the_last_day_is_the_last_one(small_books: Books) -> None:
    last = ask(small_books, "receivables", date=TODAY.isoformat())
    later = ask(small_books, "receivables", date="2031-05-05")
    assert later.rows == last.rows


def test_new_customers_are_those_created_from_the_month_before(small_books: Books) -> None:
    created = {
        item.uuid: item.facts["created"] for item in small_books.catalogues["partners"].items
    }
    found = ask(small_books, "sales", period=PERIOD, group_by=["customer", "cohort"])
    for customer, cohort, *_ in found.rows:
        assert (str(created[customer]) >= "2026-08-01") == (cohort == "new")
    assert {"new", "returning"} == set(found.column("cohort"))


def test_top_products_are_the_first_rows_of_the_sales_report(small_books: Books) -> None:
    for by in ("amount", "qty"):
        top = ask(small_books, "top_products", period=PERIOD, by=by)
        sort = [{"field": by, "dir": "desc"}]
        report = ask(small_books, "sales", period=PERIOD, group_by=["product"], sort=sort, top=10)
        assert (top.rows, top.totals) == (report.rows, report.totals)
        assert len(top.rows) == 10


def test_customer_card_without_cost_scope_has_no_cost(small_books: Books) -> None:
    customer = ask(small_books, "sales", period=WHOLE, group_by=["customer"]).rows[0][0]
    card = call(
        small_books, "reports/customer_summary", (SALES,), customer_id=customer, period=WHOLE
    )
    assert set(card["totals"]) == {"amount", "qty", "receipts", "avg_check"}
    assert card["customer"]["id"] == customer
    assert WHOLE["from"] <= card["last_purchase"] <= WHOLE["to"]
    assert len(card["top_products"]) == 5


def test_last_purchase_is_the_last_sale_up_to_the_end_of_the_period(small_books: Books) -> None:
    customer = ask(small_books, "sales", period=WHOLE, group_by=["customer"]).rows[0][0]
    days = ask(
        small_books,
        "sales",
        period=WHOLE,
        filters={"customer_ids": [customer]},
        group_by=["day"],
        measures=["receipts"],
    )
    sold = [day for day, receipts in days.rows if receipts]
    gap = next((one, two) for one, two in pairwise(sold) if later(one, 2) < two)
    nothing = {"from": later(gap[0], 1), "to": later(gap[0], 2)}
    card = call(small_books, "reports/customer_summary", customer_id=customer, period=nothing)
    assert card["totals"]["receipts"] == 0
    assert card["last_purchase"] == gap[0]
    before = {"from": later(sold[0], -1), "to": later(sold[0], -1)}
    card = call(small_books, "reports/customer_summary", customer_id=customer, period=before)
    assert card["last_purchase"] is None


async def test_session_lives_as_long_as_its_cookie_is_known(small_books: Books) -> None:
    async with demo_on_socket(small_books) as url:
        async with client_in_memory(small_books) as other:
            headers = dict(other.headers)
        auth = httpx.BasicAuth("Шлюз".encode(), "пароль".encode())
        async with httpx.AsyncClient(base_url=url, auth=auth, headers=headers) as client:
            plain = await client.get("/mcp/health")
            assert "set-cookie" not in plain.headers
            await client.get("/mcp/health", headers={"IBSession": "start"})
            assert "ibsession" in client.cookies
            again = await client.get("/mcp/health")
            assert again.status_code == 200
            finished = await client.get("/mcp/health", headers={"IBSession": "finish"})
            assert finished.status_code == 200
            gone = await client.get("/mcp/health")
            assert gone.status_code == 406
            assert "Истекло время ожидания сеанса" in gone.text
