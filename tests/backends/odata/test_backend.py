"""What is requested from 1C, and the errors of what it cannot answer."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, unquote

import attrs
import pytest
import trio
from trio.testing import MockClock

from onecgw.backends.base import BackendCall
from onecgw.backends.odata.catalogues import ZERO
from onecgw.backends.odata.errors import read_from
from onecgw.backends.odata.object_names import published_object
from onecgw.backends.odata.plan import objects_to_publish
from onecgw.backends.odata.profile_reader import SHIPPED, load_profile
from onecgw.backends.odata.reports import NOT_ANSWERED, TOOLS
from onecgw.catalogue.kinds.composite import CompositeTool
from onecgw.catalogue.tools import ALL
from onecgw.demo.odata.app import ODataApp
from onecgw.demo.odata.configurations import ConfigurationName
from onecgw.errors import (
    OnecAuth,
    OnecBadResponse,
    OnecForbidden,
    OnecMaintenance,
    OnecNotPublished,
    OnecRejected,
    OnecUnavailable,
)
from onecgw.settings import OnecODataSettings
from tests.backends.odata.conftest import CONTEXT, MakeFace, ask, backend_of

MAX_URL_BYTES = OnecODataSettings().max_url_bytes
BOTH = pytest.mark.parametrize("configuration", ["ut", "unf"])
SALES = "ВыручкаИСебестоимостьПродаж"
MAY = {"from": "2026-05-01", "to": "2026-05-31"}
YEAR = {"from": "2025-10-01", "to": "2026-09-30"}
OPERATIONS: Sequence[tuple[str, dict[str, Any]]] = (
    ("reports/sales", {"period": MAY, "measures": ["amount", "receipts", "customers", "margin"],
                       "group_by": ["warehouse", "customer", "product", "seller", "firm"]}),
    ("reports/top_products", {"period": MAY}),
    ("reports/stock", {"measures": ["qty", "amount"], "group_by": ["warehouse", "product"]}),
    ("reports/stock", {"group_by": ["firm"]}),
    ("reports/cash_balance", {"group_by": ["cash", "firm"]}),
    ("reports/cash_flow", {"period": MAY, "group_by": ["account", "operation", "firm",
                                                       "analytics"]}),
    ("reports/receivables", {}),
    ("reports/payables", {}),
    ("reports/purchases", {"period": MAY, "group_by": ["supplier", "warehouse", "product",
                                                       "firm"]}),
    *((f"resolve/{kind}", {"query": "а"})
      for kind in ("customer", "product", "warehouse", "cash", "cost_article", "operation")),
)  # fmt: skip


def addresses(app: ODataApp) -> list[str]:
    """The addresses that were read, encoded."""
    return [one.target.decode() for one in app.log.newest]


async def refusal(backend: Any, operation: str, body: dict[str, Any]) -> str:
    try:
        await ask(backend, operation, body)
    except OnecNotPublished as error:
        return error.message
    return ""


def test_every_tool_is_answered_or_refused_with_a_reason() -> None:
    single = {tool.name for tool in ALL if not isinstance(tool, CompositeTool)}
    assert single == {*TOOLS, *NOT_ANSWERED}


@BOTH
async def test_everything_that_is_read_is_in_the_plan(
    configuration: ConfigurationName, face: MakeFace
) -> None:
    app = face(configuration)
    backend = backend_of(app)
    for operation, body in OPERATIONS:
        await ask(backend, operation, body)
    planned = {one.name for one in objects_to_publish(load_profile(configuration))}
    read = {name for address in addresses(app) if "_" in (name := read_from(address))}
    assert {published_object(name) for name in read} == planned


@BOTH
async def test_object_taken_out_of_the_composition_is_named_by_what_needs_it(
    configuration: ConfigurationName, face: MakeFace
) -> None:
    for one in objects_to_publish(load_profile(configuration)):
        backend = backend_of(face(configuration, without=[one.name]), profile=configuration)
        messages = [await refusal(backend, operation, body) for operation, body in OPERATIONS]
        assert any(f"({one.name})" in message for message in messages), (one.name, messages)
        reasons = (await backend.capabilities()).reasons.values()
        assert any(f"({one.name})" in reason for reason in reasons), (one.name, reasons)


@BOTH
@pytest.mark.parametrize("arguments", ["path", "query"])
async def test_no_address_exceeds_the_budget_and_all_are_gets(
    configuration: ConfigurationName, arguments: str, face: MakeFace
) -> None:
    app = face(configuration)
    backend = backend_of(app, arguments=arguments)
    for operation, body in OPERATIONS:
        await ask(backend, operation, body)
    customers = (await ask(backend, "resolve/customer", {"query": "т", "limit": 500}))["candidates"]
    for count in (1, 5, 12, 25, 60, 400):
        ids = [one["id"] for one in customers[:count]]
        body = {"period": MAY, "filters": {"customer_ids": ids}, "group_by": ["firm"]}
        await ask(backend, "reports/sales", body)
    app.log.check(max_url_bytes=MAX_URL_BYTES)
    assert not [one for one in addresses(app) if "allowedOnly" in one or "inlinecount" in one]


@BOTH
async def test_few_ids_are_filtered_by_1c_and_many_here_with_the_same_sums(
    configuration: ConfigurationName, face: MakeFace
) -> None:
    app = face(configuration)
    wide, narrow = backend_of(app), backend_of(app, max_url_bytes=590)
    found = await ask(wide, "resolve/customer", {"query": "т", "limit": 500})
    ids = [one["id"] for one in found["candidates"][:3]]
    body = {"period": YEAR, "filters": {"customer_ids": ids}, "group_by": ["product"]}
    by_1c = await ask(wide, "reports/sales", body)
    assert "Condition" in unquote(addresses(app)[-1])
    assert await ask(narrow, "reports/sales", body) == by_1c
    assert "Condition" not in unquote(addresses(app)[-1])


@pytest.mark.parametrize(
    ("operation", "body", "calls"),
    [
        ("reports/receivables", {}, 1),
        ("reports/stock", {"measures": ["qty", "amount"]}, 2),
        ("reports/sales", {"period": YEAR, "group_by": ["month", "product"]}, 12),
        ("reports/cash_balance", {}, 3),
    ],
)
async def test_calls_of_a_report_once_the_catalogues_are_kept(
    operation: str, body: dict[str, Any], calls: int, face: MakeFace
) -> None:
    app = face("ut")
    backend = backend_of(app)
    await ask(backend, operation, body)
    app.log.newest.clear()
    await ask(backend, operation, body)
    assert len(app.log.newest) == calls


async def test_rows_above_the_cap_are_refused_and_never_cut(face: MakeFace) -> None:
    backend = backend_of(face("unf"), max_rows=20)
    with pytest.raises(OnecRejected, match="more than 20 rows"):
        await ask(backend, "reports/sales", {"period": YEAR, "group_by": ["product", "customer"]})
    # Catalogues are longer than that, and come in pages.
    found = await ask(backend, "resolve/product", {"query": "а", "limit": 1000})
    assert len(found["candidates"]) > 20


async def test_too_many_days_are_refused_with_what_to_do(face: MakeFace) -> None:
    with pytest.raises(OnecRejected) as caught:
        await ask(backend_of(face("unf")), "reports/sales", {"period": YEAR, "group_by": ["day"]})
    assert caught.value.message == (
        "the period has more than 62 parts by day, and 1C is called for each: shorten the period, "
        "or group by month"
    )


async def test_records_of_centuries_are_refused_too(face: MakeFace) -> None:
    body = {"period": {"from": "1000-01-01", "to": "9998-12-31"}, "group_by": ["firm"]}
    with pytest.raises(OnecRejected, match="more than 62 parts by month"):
        await ask(backend_of(face("ut")), "reports/cash_flow", body)


async def test_receipts_of_a_long_period_are_refused_where_records_must_be_read(
    face: MakeFace,
) -> None:
    body = {"period": YEAR, "measures": ["receipts"]}
    with pytest.raises(OnecRejected, match="receipts need single records of 1C"):
        await ask(backend_of(face("ut")), "reports/sales", body)


@pytest.mark.parametrize("keys_less", [0, 1, 2])
async def test_receipts_of_a_year_are_the_same_in_one_call_a_month_and_in_several(
    keys_less: int, face: MakeFace
) -> None:
    """Behind customers stand keys; with little room some are a call of their own."""
    app = face("ut")
    wide = backend_of(app)
    found = await ask(wide, "reports/sales", {"period": YEAR, "group_by": ["customer"], "top": 3})
    ids = [row[0]["id"] for row in found["rows"]]
    body = {"period": YEAR, "filters": {"customer_ids": ids}, "measures": ["receipts"]}
    app.log.newest.clear()
    expected = await ask(wide, "reports/sales", body)
    assert expected["totals"]["receipts"] > 0
    records = [one for one in addresses(app) if "RecordType" in one]
    assert len(records) == 12
    one_key = quote(f" or АналитикаУчетаПоПартнерам_Key eq guid'{ZERO}'", safe="'")
    room = max(map(len, records)) - keys_less * len(one_key)
    assert await ask(backend_of(app, max_url_bytes=room), "reports/sales", body) == expected


async def test_base_that_fits_no_profile_says_what_each_wants(face: MakeFace) -> None:
    app = face("ut").varied(unpublished=face("ut").objects() - {"Catalog_Валюты"})
    backend = backend_of(app)
    capabilities = await backend.capabilities()
    assert capabilities.unavailable_tools == {*TOOLS, *NOT_ANSWERED}
    with pytest.raises(OnecNotPublished) as caught:
        await ask(backend, "resolve/customer", {"query": "x"})
    for name in SHIPPED:
        assert load_profile(name).title in caught.value.message
    assert "«Регистр накопления: Продажи» (AccumulationRegister_Продажи)" in caught.value.message
    assert capabilities.reasons["sales_report", "", ""] == caught.value.message


@pytest.mark.parametrize(
    ("configuration", "profile"),
    [("ut", "ut-11.5"), ("unf", "unf-3.0"), ("bp", "bp-3.0"), ("bas", "bas-accounting")],
)
async def test_profile_is_chosen_by_what_the_base_publishes(
    configuration: ConfigurationName, profile: str, face: MakeFace
) -> None:
    capabilities = await backend_of(face(configuration)).capabilities()
    assert (capabilities.profile, capabilities.same_for_all) == (profile, True)


async def test_missing_field_costs_only_what_needs_it(face: MakeFace) -> None:
    backend = backend_of(face("ut", "no_field=Менеджер|ДатаРегистрации"))
    lacks = (await backend.capabilities()).unsupported["sales_report"]
    assert lacks == {
        "group_by": {"seller", "cohort", "sales_channel", "channel_parent"},
        "filters": {"customer_cohort", "sales_channel_ids", "seller_ids"},
    }
    message = await refusal(backend, "reports/sales", {"period": MAY, "group_by": ["cohort"]})
    assert message.endswith(
        "«Справочник: Партнеры» (Catalog_Партнеры) has no field ДатаРегистрации"
    )


async def test_sums_of_cash_without_the_currencies_of_the_desks_are_refused(
    face: MakeFace,
) -> None:
    backend = backend_of(face("ut", "no_field=Catalog_Кассы.ВалютаДенежныхСредств"))
    message = await refusal(backend, "reports/cash_balance", {"group_by": ["firm"]})
    assert message.endswith(
        "«Справочник: Кассы» (Catalog_Кассы) has no field ВалютаДенежныхСредств"
    )
    found = await ask(backend, "resolve/cash", {"query": "каса"})
    assert found["candidates"]


@BOTH
async def test_filter_by_groups_that_the_base_does_not_publish_is_refused(
    configuration: ConfigurationName, face: MakeFace
) -> None:
    """The figures of a group would be zero: nothing would be known to stand below it."""
    body = {"query": "а", "limit": 500, "include_groups": True}
    products = (await ask(backend_of(face(configuration)), "resolve/product", body))["candidates"]
    group = next(one["id"] for one in products if one.get("is_group"))
    backend = backend_of(face(configuration, "no_field=Catalog_Номенклатура.Parent"))
    message = await refusal(backend, "reports/stock", {"filters": {"product_ids": [group]}})
    assert message.endswith("«Справочник: Номенклатура» (Catalog_Номенклатура) has no field Parent")
    assert (await backend.capabilities()).lacks("stock_balance", "group_by") == {"product_group"}


async def test_either_of_two_filters_is_never_split_over_calls(face: MakeFace) -> None:
    """A payment of a customer has its article too: two calls would count it twice."""
    app = face("ut")
    backend = backend_of(app)
    customers = await ask(backend, "resolve/customer", {"query": "т", "limit": 8})
    articles = await ask(backend, "resolve/cost_article", {"query": "о", "limit": 6})
    filters = {
        "customer_ids": [one["id"] for one in customers["candidates"]],
        "cost_article_ids": [one["id"] for one in articles["candidates"]],
    }
    app.log.newest.clear()
    await ask(backend, "reports/cash_flow", {"period": MAY, "filters": filters})
    read = [read_from(one) for one in addresses(app) if "_RecordType" in unquote(one)]
    assert len(read) == len(set(read)) == 3


@pytest.mark.parametrize("field", ["СуммаВыручки", "Количество"])
async def test_card_of_a_customer_is_refused_without_one_of_its_figures(
    field: str, face: MakeFace
) -> None:
    found = await ask(backend_of(face("ut")), "resolve/customer", {"query": "т", "limit": 1})
    body = {"customer_id": found["candidates"][0]["id"], "period": MAY}
    backend = backend_of(face("ut", f"no_field=AccumulationRegister_{SALES}.{field}"))
    message = await refusal(backend, "reports/customer_summary", body)
    assert message.endswith(f"(AccumulationRegister_{SALES}) has no field {field}Turnover")
    assert "sales_report" not in (await backend.capabilities()).unavailable_tools


class Replacing:
    """An application in front of another; what stands in `answers` is answered instead.

    answers: entity set → (status, body).
    """

    def __init__(self, app: Any, **answers: tuple[int, bytes]) -> None:
        self.app = app
        self.answers = answers

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        answer = self.answers.get(read_from(scope["raw_path"].decode()))
        if answer is None:
            await self.app(scope, receive, send)
            return
        status, body = answer
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


RECEIVABLES = "AccumulationRegister_РасчетыСКлиентамиПоСрокам"


async def test_rows_behind_an_unknown_document_stay_in_the_totals_and_have_a_note(
    face: MakeFace,
) -> None:
    body = {"period": YEAR, "group_by": ["supplier"], "measures": ["amount"]}
    whole = await ask(backend_of(face("unf")), "reports/purchases", body)
    app = Replacing(face("unf"), Document_РасходнаяНакладная=(200, b'{"value":[]}'))
    found = await ask(backend_of(app), "reports/purchases", body)
    assert found["totals"] == whole["totals"]
    assert [row[0] for row in found["rows"]].count(None) == 1
    (note,) = [one for one in found["notes"] if one not in whole["notes"]]
    assert note == (
        "some rows stand behind a key or a document that is not known here, such as a document of "
        "another kind: they have no supplier, and a filter by it leaves them out"
    )


async def test_composition_is_read_again_after_an_error_that_shows_another(
    face: MakeFace,
) -> None:
    app = Replacing(face("ut"))
    backend = backend_of(app)
    await ask(backend, "reports/receivables", {})
    app.app = face("ut", without=[RECEIVABLES])
    assert f"({RECEIVABLES})" in await refusal(backend, "reports/receivables", {})
    assert "receivables_balance" in (await backend.capabilities()).unavailable_tools


async def test_what_is_published_later_is_noticed_without_reading_everything_again(
    face: MakeFace, autojump_clock: MockClock
) -> None:
    incomplete = face("ut", without=[RECEIVABLES])
    app = Replacing(incomplete)
    backend = backend_of(app)
    for _ in range(3):
        assert "receivables_balance" in (await backend.capabilities()).unavailable_tools
        await trio.sleep(61)
    assert [read_from(one) for one in addresses(incomplete)] == ["", "$metadata", "", ""]
    app.app = face("ut")
    assert "receivables_balance" not in (await backend.capabilities()).unavailable_tools


async def test_missing_right_is_forbidden_and_names_the_object(face: MakeFace) -> None:
    with pytest.raises(OnecForbidden) as caught:
        await ask(backend_of(face("ut", f"rls={RECEIVABLES}")), "reports/receivables", {})
    assert f"({RECEIVABLES}), or only a part of it (record-level access)" in caught.value.message


async def test_wrong_password_is_distinguished_from_a_missing_right(face: MakeFace) -> None:
    app = Replacing(face("ut"), **{RECEIVABLES: (401, b"<html>")})
    with pytest.raises(OnecAuth):
        await ask(backend_of(app), "reports/receivables", {})


async def test_blocked_base_is_maintenance_whatever_odata_would_say(face: MakeFace) -> None:
    with pytest.raises(OnecMaintenance, match="Регламентные работы до 18:00"):
        await ask(backend_of(face("ut", "blocked_page")), "reports/receivables", {})


async def test_publication_without_odata_says_what_to_tick() -> None:
    app = Replacing(None, **{"": (404, b"<html>")})
    message = await refusal(backend_of(app), "reports/receivables", {})
    assert "«Публиковать стандартный интерфейс OData»" in message


async def test_partial_data_is_requested_only_if_allowed_and_then_noted(face: MakeFace) -> None:
    app = face("ut", f"rls={RECEIVABLES}")
    answer = await ask(backend_of(app, partial_data="allow"), "reports/receivables", {})
    assert answer["notes"][-1].startswith("only what 1C's user may read")
    assert all("allowedOnly=true" in one for one in addresses(app) if "$select" in one)


@pytest.mark.parametrize(
    "body",
    [b"<feed/>", b"{}", b'{"value":{}}', b'{"value":[', b"\xff", b'{"value":[{"x":1}]}',
     b'{"value":[],"odata.nextLink":"x"}'],
)  # fmt: skip
async def test_answer_that_is_not_odata_s_json_is_a_bad_response(
    body: bytes, face: MakeFace
) -> None:
    app = Replacing(face("ut"), **{RECEIVABLES: (200, body)})
    with pytest.raises(OnecBadResponse):
        await ask(backend_of(app), "reports/receivables", {})


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "period is None; accepted: an object"),
        ({"period": {"from": "2026-02-30", "to": "2026-03-01"}}, "period.from"),
        ({"period": {"from": "2026-03-02", "to": "2026-03-01"}}, "is after period.to"),
        ({"period": {"from": "0001-01-01", "to": "2026-03-01"}}, "from 1000 to 9998"),
        ({"period": {"from": "2026-03-01", "to": "9999-12-31"}}, "from 1000 to 9998"),
        ({"period": MAY, "filters": {"cash_ids": ["x"]}}, "unknown parameter filters.cash_ids"),
        ({"period": MAY, "filters": {"firm_ids": []}}, "a list with at least one id"),
        ({"period": MAY, "filters": {"firm_ids": ["x"]}}, "filters.firm_ids[0]: nothing has"),
        ({"period": MAY, "group_by": ["shop"]}, "group_by[0] is 'shop'"),
        ({"period": MAY, "measures": ["qty", "qty"]}, "measures names something twice"),
        ({"period": MAY, "top": 0}, "top is 0; accepted: a whole number from 1"),
        ({"period": MAY, "sort": [{"field": "cost"}]}, "sort[0].field is 'cost'"),
        ({"period": MAY, "x": 1}, "unknown parameter x"),
    ],
)
async def test_wrong_argument_is_refused_with_its_place(
    body: dict[str, Any], message: str, face: MakeFace
) -> None:
    with pytest.raises(OnecRejected) as caught:
        await ask(backend_of(face("unf")), "reports/sales", body)
    assert message in caught.value.message


@attrs.define
class SlowOnec:
    """Answers Turnovers after a second each; counts how many calls run at once."""

    app: ODataApp
    failing: str = ""
    running: int = 0
    most: int = 0
    cancelled: int = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if "Turnovers" not in scope["path"]:
            await self.app(scope, receive, send)
            return
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            if self.failing and self.failing in scope["path"]:
                await Replacing(None, **{read_from(scope["raw_path"].decode()): (503, b"")})(
                    scope, receive, send
                )
                return
            await trio.sleep(1)
            await self.app(scope, receive, send)
        except trio.Cancelled:
            self.cancelled += 1
            raise
        finally:
            self.running -= 1


async def test_calls_run_concurrently_within_a_bound_and_report_progress(
    face: MakeFace, autojump_clock: MockClock
) -> None:
    slow = SlowOnec(face("unf"))
    seen: list[tuple[int, int]] = []

    async def progress(done: int, of: int) -> None:
        seen.append((done, of))

    body = b'{"period": {"from": "2025-10-01", "to": "2026-09-30"}, "group_by": ["month"]}'
    call = BackendCall(context=CONTEXT, operation="reports/sales", body=body, progress=progress)
    await backend_of(slow).fetch(call)
    assert slow.most == 8
    assert seen == [(done, 12) for done in range(1, 13)]


async def test_first_failure_comes_out_as_itself_and_cancels_the_other_calls(
    face: MakeFace, autojump_clock: MockClock
) -> None:
    slow = SlowOnec(face("unf"), failing="2025-12-01")
    body = {"period": YEAR, "group_by": ["month"]}
    with pytest.raises(OnecUnavailable):
        await ask(backend_of(slow), "reports/sales", body)
    assert (slow.running, slow.cancelled) == (0, 7)


async def test_what_an_accounting_register_lacks_is_refused_with_the_reason(
    face: MakeFace,
) -> None:
    body = {"period": MAY, "measures": ["margin"]}
    assert await refusal(backend_of(face("bp")), "reports/sales", body) == (
        "this 1C base cannot answer measures margin of sales_report: account 90.02.1 keeps cost "
        "by product group alone"
    )


@pytest.mark.parametrize("configuration", ["bp", "bas"])
async def test_accounts_that_do_not_fit_one_address_are_read_by_several(
    configuration: ConfigurationName, face: MakeFace
) -> None:
    for operation, body in (
        ("reports/cash_balance", {"group_by": ["cash", "firm"]}),
        ("reports/purchases", {"period": YEAR, "group_by": ["supplier"]}),
        ("reports/receivables", {}),
    ):
        answers = [
            await ask(backend_of(face(configuration), max_url_bytes=room), operation, body)
            for room in (800, 1900)
        ]
        assert answers[0] == answers[1]


async def test_money_of_an_accounting_register_changes_by_its_flow(face: MakeFace) -> None:
    backend = backend_of(face("bp"))
    before = await ask(backend, "reports/cash_balance", {"date": "2026-04-30"})
    after = await ask(backend, "reports/cash_balance", {"date": "2026-05-31"})
    flow = await ask(backend, "reports/cash_flow", {"period": MAY})
    change = after["totals"]["balance"] - before["totals"]["balance"]
    assert round(change, 2) == flow["totals"]["net"] != 0


async def test_customer_card_says_nothing_of_what_the_register_does_not_keep(
    face: MakeFace,
) -> None:
    backend = backend_of(face("bp"))
    found = await ask(backend, "reports/sales", {"period": MAY, "group_by": ["customer"], "top": 1})
    customer_id = found["rows"][0][0]["id"]
    card = await ask(
        backend, "reports/customer_summary", {"customer_id": customer_id, "period": MAY}
    )
    assert (set(card["totals"]), card["last_purchase"]) == ({"amount", "qty"}, None)
