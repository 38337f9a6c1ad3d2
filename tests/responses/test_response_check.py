"""The check of what 1C says of its own answer, as callers see it."""

import json
from typing import Any

import httpx
import pytest

from onecgw.errors import OnecBadResponse, OnecRejected
from onecgw.responses.response_check import FilterIgnored
from tests.builders.gateway_rig import Rig, answering, open_rig

JANUARY = {"from": "2026-01-01", "to": "2026-01-31"}
GUID = "8a3b0c1d-0000-1111-2222-333344445555"
OTHER = "8a3b0c1d-0000-1111-2222-333344445556"
COLUMNS = [{"name": "customer", "type": "ref"}, {"name": "amount", "type": "number"}]


def table(rows: list[Any], **more: Any) -> bytes:
    return json.dumps({"columns": COLUMNS, "rows": rows, **more}, ensure_ascii=False).encode()


async def call(body: bytes, tool: str = "sales_report", **arguments: Any) -> Any:
    async with open_rig(answering(body)) as rig:
        return await read(rig, tool, **arguments)


async def read(rig: Rig, tool: str, **arguments: Any) -> Any:
    given = {"period": JANUARY, **arguments}
    return json.loads(await rig.call(tool, json.dumps(given).encode(), surface="rest"))


@pytest.mark.parametrize("said", [True, "Да", "да ", "true", "так", 1])
@pytest.mark.parametrize("name", ["truncated", "Truncated", "has_more", "hasMore", "IsTruncated"])
async def test_what_1c_says_of_a_cut_is_never_replaced(name: str, said: object) -> None:
    notice = "показано перші 2 рядки з 900"
    answer = await call(table([["A", 1], ["B", 2]], **{name: said}, notice=notice))

    assert (answer["truncated"], answer["rows_returned"]) == (True, 2)
    assert answer["notice"] == f"1C says that this is not the whole answer. {notice}"


@pytest.mark.parametrize(
    ("member", "words"),
    [
        ({"truncated": "2 з 900"}, "truncated: 2 з 900"),
        ({"truncated": {"of": 900}}, 'truncated: {"of":900}'),
        ({"rows_returned": 900, "truncated": True}, "rows_returned: 900"),
        ({"totalRows": 900}, "totalRows: 900"),
        ({"Truncated": "2 з 900", "truncated": False}, "Truncated: 2 з 900"),
    ],
)
async def test_what_1c_says_of_the_size_stands_in_the_notice(member: Any, words: str) -> None:
    answer = await call(table([["A", 1], ["B", 2]], **member))

    assert answer["truncated"] is True
    assert answer["notice"] == f"1C says that this is not the whole answer ({words})."


async def test_an_answer_that_is_not_complete_is_cut() -> None:
    assert (await call(table([["A", 1]], complete=False)))["truncated"] is True
    assert (await call(table([["A", 1]], complete=True)))["truncated"] is False


@pytest.mark.parametrize("said", [False, None, "Нет", "ні", "немає", "N", "false", "", 0, [], {}])
async def test_what_1c_says_is_whole_is_whole(said: object) -> None:
    assert (await call(table([["A", 1]], truncated=said)))["truncated"] is False


async def test_a_number_of_rows_above_those_sent_is_a_cut() -> None:
    assert (await call(table([["A", 1]], rows_returned=900)))["truncated"] is True
    assert (await call(table([["A", 1]], rows_returned=1)))["truncated"] is False


@pytest.mark.parametrize(
    "period",
    [
        {"from": "2026-01-01", "to": "2026-02-28"},
        {"from": "2025-01-01", "to": "2025-01-31"},
        {"from": "2026-01-01"},
        {"from": "01.01.2025", "to": "31.01.2025"},
        "2026-01",
        "2026-01-01..2026-02-28",
        0,
    ],
)
async def test_an_answer_of_another_period_is_refused(period: object) -> None:
    for tool in ("sales_report", "top_products", "purchases_report", "cash_flow"):
        with pytest.raises(OnecBadResponse, match="1C was asked for 2026-01-01 to 2026-01-31"):
            await call(table([["A", 1]], period=period), tool)


async def test_a_period_that_is_the_same_or_absent_passes() -> None:
    moments = {"from": "2026-01-01T00:00:00", "to": "2026-01-31T23:59:59"}
    dotted = {"from": "01.01.2026 0:00:00", "to": "31.01.2026 23:59:59"}
    compact = {"from": "20260101000000", "to": "20260131235959"}
    texts = ("2026-01-01..2026-01-31", "01.01.2026 - 31.01.2026")
    periods: tuple[Any, ...] = (JANUARY, moments, dotted, compact, *texts, None, "", [], {})
    for period in periods:
        assert (await call(table([["A", 1]], period=period)))["rows_returned"] == 1


async def test_a_balance_of_another_day_is_refused() -> None:
    async with open_rig(answering(table([["A", 1]], date="2026-01-30"))) as rig:
        with pytest.raises(OnecBadResponse, match="asked for 2026-01-31, and the date of its"):
            await rig.call("stock_balance", b'{"date":"2026-01-31"}')
        await rig.call("stock_balance", b"{}")  # now is whatever 1C says


@pytest.mark.parametrize(
    "applied",
    [
        *({}, [], {"firm_ids": []}, {"firm_ids": None}, {"firm_ids": [OTHER]}, {"firm_ids": ""}),
        *({"firm_ids": [GUID, OTHER]}, {"firm_ids": [{"id": OTHER, "label": "A"}]}),
    ],
)
async def test_a_filter_that_1c_did_not_apply_is_refused(applied: object) -> None:
    with pytest.raises(FilterIgnored, match=r"filters\.firm_ids: 1C does not confirm"):
        await call(table([["A", 1]], applied_filters=applied), filters={"firm_ids": [GUID]})


@pytest.mark.parametrize(
    "applied",
    [
        {"firm_ids": [GUID]},
        {"firm_ids": GUID.upper()},
        {"firm_ids": ["{8A3B0C1D-0000-1111-2222-333344445555}"]},
        {"firm_ids": [{"id": GUID, "label": "ТОВ"}]},
        {"firm_ids": {"id": GUID, "label": "ТОВ"}},
        {"firm_ids": [None, GUID]},
        {"firm_ids": ["ТОВ «Ромашка»"]},  # a label, for people
        None,
    ],
)
async def test_a_filter_that_1c_confirms_or_says_nothing_of_passes(applied: object) -> None:
    body = table([["A", 1]], applied_filters=applied)
    assert "notice" not in await call(body, filters={"firm_ids": [GUID]})


async def test_a_folder_may_be_applied_as_what_is_in_it() -> None:
    body = table([["A", 1]], applied_filters={"customer_ids": [OTHER]})
    assert (await call(body, filters={"customer_ids": [GUID]}))["rows_returned"] == 1
    none = table([["A", 1]], applied_filters={"customer_ids": []})
    with pytest.raises(FilterIgnored):
        await call(none, filters={"customer_ids": [GUID]})


async def test_filters_that_were_not_requested_are_reported() -> None:
    answer = await call(
        table([["A", 1]], applied_filters={"firm_ids": [GUID], "warehouse_ids": []})
    )
    assert answer["notice"] == "1C also applied filters that were not asked for: firm_ids."
    odd = await call(table([["A", 1]], applied_filters="усі"), filters={"firm_ids": [GUID]})
    assert odd["notice"] == "applied_filters of 1C cannot be read, so no filter is confirmed."


@pytest.mark.parametrize("said", [{"value": [GUID]}, [{"Ref_Key": GUID}]])
async def test_a_filter_in_a_form_of_1cs_own_is_reported_as_unreadable(said: object) -> None:
    body = table([["A", 1]], applied_filters={"firm_ids": said})
    answer = await call(body, filters={"firm_ids": [GUID]})
    assert answer["notice"] == "1C does not confirm in a readable form: filters firm_ids."


async def test_columns_are_the_requested_ones() -> None:
    with pytest.raises(OnecBadResponse, match="lacks the column month, qty"):
        await call(table([["A", 1]]), group_by=["customer", "month"], measures=["qty"])
    twice = {"columns": [COLUMNS[1], COLUMNS[1]], "rows": [[1, 2]]}
    with pytest.raises(OnecBadResponse, match="has the column amount twice"):
        await call(json.dumps(twice).encode())
    assert await call(table([["A", 1]]), group_by=["customer"], measures=["amount"])


@pytest.mark.parametrize("cell", ['"1 234,50"', '"1"', "true", "[]", "{}", '""'])
async def test_a_cell_that_is_not_what_its_column_says_is_refused(cell: str) -> None:
    body = table([["A", 1], ["B", 77]]).replace(b"77", cell.encode())
    with pytest.raises(OnecBadResponse, match="row 1 of 1C's answer: amount is not of the type"):
        await call(body)


@pytest.mark.parametrize("cell", ["1e+400", "9" * 38, "-0.10", "null", "12345678901234567.89"])
async def test_a_number_of_any_size_is_a_number(cell: str) -> None:
    assert await call(table([["A", 1], [None, 77]]).replace(b"77", cell.encode()))


async def test_a_total_is_a_number() -> None:
    with pytest.raises(OnecBadResponse, match="the total of amount in 1C's answer is not a number"):
        await call(table([["A", 1]], totals={"amount": "12,50"}))
    with pytest.raises(OnecBadResponse, match="expected totals"):
        await call(table([["A", 1]], totals="12,50"))
    nothing: tuple[Any, ...] = (None, [], "", {"amount": None})
    for totals in nothing:
        assert (await call(table([["A", 1]], totals=totals)))["totals"] == totals


async def test_a_ranking_that_was_cut_says_how_to_get_more_of_it() -> None:
    answer = await call(table([["A", n] for n in range(11)]), "top_products")

    assert (answer["rows_returned"], answer["truncated"]) == (10, True)
    assert answer["notice"] == (
        "Only the first 10 rows are here, more exist. Narrow the period or the filters. Or ask for "
        "more with top (at most 5000)."
    )


CARD = {"customer": {"id": GUID, "label": "A"}, "totals": {"amount": 1}}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "lacks customer"),
        ({"customer": None}, "expected customer"),
        ({"result": CARD}, "lacks customer"),
        ({"customer": {"label": "A"}, "totals": "none"}, "expected totals"),
        ({"customer": CARD["customer"]}, "lacks totals"),
        ({**CARD, "customer": {}}, "lacks customer: it is empty"),
        ({**CARD, "totals": 0}, "expected totals"),
        ({**CARD, "customer": {"id": OTHER}}, "about another customer"),
        (
            {**CARD, "period": {"from": "2025-01-01", "to": "2025-01-31"}},
            "the period of its answer",
        ),
        ({**CARD, "top_products": {}}, "expected top_products"),
    ],
)
async def test_a_card_of_something_else_is_refused(body: object, message: str) -> None:
    with pytest.raises(OnecBadResponse, match=message):
        await call(json.dumps(body).encode(), "customer_summary", customer_id=GUID)


async def test_a_card_of_the_customer_passes_with_its_id_in_any_form() -> None:
    for identity in (GUID.upper(), f"{{{GUID}}}", "000000015", None, ""):
        body = {**CARD, "customer": {"id": identity, "label": "A"}}
        assert await call(json.dumps(body).encode(), "customer_summary", customer_id=GUID)


@pytest.mark.parametrize("padding", [0, 100_000])
@pytest.mark.parametrize("tool", ["sales_report", "resolve_customer", "customer_summary"])
async def test_an_error_beside_figures_is_an_error_however_large(tool: str, padding: int) -> None:
    customer = {"customer_id": GUID} if tool == "customer_summary" else {}
    whole = {"candidates": [{"id": "1", "label": "x" * padding}], **CARD, "columns": [], "rows": []}
    body = json.dumps({**whole, "error": "no_rights", "message": "лише частина"}).encode()

    async with open_rig(answering(body)) as rig:
        given = {"query": "а"} if tool == "resolve_customer" else {"period": JANUARY, **customer}
        with pytest.raises(OnecRejected, match=r"^лише частина$"):
            await rig.call(tool, json.dumps(given).encode())


@pytest.mark.parametrize("empty", [None, "", False, [], {}, 0])
async def test_an_error_that_is_empty_says_that_there_was_none(empty: object) -> None:
    assert await call(table([["A", 1]], error=empty, errors=empty, success=True))


CANDIDATES = [
    ({"id": "1", "label": None}, False),
    ({"id": None, "label": "A"}, False),
    ({"id": "1"}, False),
    ({"label": "A"}, False),
    ({"id": "", "label": "A"}, False),
    ({"id": "1", "label": " "}, False),
    ({"id": [], "label": "A"}, False),
    ("A", False),
    (None, False),
    ({"id": 15, "label": "A"}, True),
    ({"id": "15", "label": "A", "code": None}, True),
]


@pytest.mark.parametrize(("candidate", "is_usable"), CANDIDATES)
async def test_a_candidate_that_is_broken_does_not_cost_the_others(
    candidate: object, is_usable: bool
) -> None:
    body = json.dumps({"candidates": [{"id": "7", "label": "B"}, candidate]}).encode()
    async with open_rig(answering(body)) as rig:
        answer = json.loads(await rig.call("resolve_customer", '{"query":"а"}'.encode()))

    ids = [one["id"] for one in answer["candidates"]]
    assert ids == (["7", "15"] if is_usable else ["7"])
    lost = "1 of 2 candidates have no id or no label and were left out."
    assert answer.get("notice") == (None if is_usable else lost)


async def test_numbers_that_javascript_rounds_and_half_characters_are_reported() -> None:
    long = await call(table([["A", 1]]).replace(b" 1]", b" 12345678901234.56]"))
    half = await call(table([["A@", 1]]).replace(b"@", rb"\ud83d"))

    assert long["notice"].startswith("Numbers of more than 15 digits are exact here; JavaScript")
    assert half["notice"] == "A text of 1C contains half a character, shown here as \ufffd."
    assert half["rows"] == [["A\ufffd", 1]]


@pytest.mark.parametrize("text", ["1234567890123456", GUID, "UA213223130000026007233566001"])
async def test_digits_in_texts_and_round_numbers_are_no_long_numbers(text: str) -> None:
    body = table([[text, 1]]).replace(b" 1]", b" 123450000000000000000.00]")
    assert "notice" not in await call(body)


async def test_null_filters_are_reported_and_nothing_else_changes() -> None:
    requests: list[Any] = []

    def answer(request: httpx.Request) -> Any:
        requests.append(json.loads(request.content))
        return answering(table([["A", 1]]))(request)

    async with open_rig(answer) as rig:
        without = await read(rig, "sales_report")
        with_null = await read(rig, "sales_report", filters=None, top=None, sort=None)
        inner = await read(rig, "sales_report", filters={"firm_ids": None})

    assert requests[0] == requests[1]
    assert with_null.pop("notice") == "Filters that are null were not applied: filters."
    assert inner.pop("notice") == "Filters that are null were not applied: filters.firm_ids."
    assert without == with_null == inner
