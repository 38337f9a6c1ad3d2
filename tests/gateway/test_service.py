import json
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import httpx
import pytest
import trio
from trio.testing import MockClock

from onecgw.auth.caller import ALL_SCOPES, COST, MONEY, RESOLVE, SALES
from onecgw.auth.context import Surface
from onecgw.catalogue.capabilities import Capabilities
from onecgw.errors import (
    InvalidRequest,
    LimitExceeded,
    NotFound,
    OnecBadResponse,
    OnecgwError,
    OnecTimeout,
    RateLimited,
    ScopeMissing,
    ValidationFailed,
)
from onecgw.settings import LimitsSettings, OnecSettings
from onecgw.storage.audit_log import AuditRecord
from tests.builders.gateway_rig import Rig, answering, open_rig

MAY = '"period":{"from":"2026-05-01","to":"2026-05-31"}'
COLUMNS = b'"columns":[{"name":"month","type":"date"},{"name":"amount","type":"number"}]'
EMPTY_TABLE = b"{" + COLUMNS + b',"rows":[],"totals":{}}'
CANDIDATES = b'{"candidates":[{"id":"1","label":"A","archived":false}]}'
EVERYTHING = frozenset(ALL_SCOPES)


def rows(count: int) -> bytes:
    cells = ",".join(f'["2026-05-01",{number}.10]' for number in range(count))
    return b"{" + COLUMNS + b',"rows":[' + cells.encode() + b'],"totals":{"amount":0.10}}'


def arguments_to_1c(rig: Rig) -> list[Any]:
    return [json.loads(request.content) for request in rig.onec.requests]


async def test_a_call_is_sent_to_1c_under_the_caller_and_answered() -> None:
    async with open_rig(answering(rows(1))) as rig:
        body = await rig.call("sales_report", f'{{{MAY},"group_by":"month","top":5}}'.encode())

    assert body == (
        b'{"rows_returned":1,"truncated":false,'
        + COLUMNS
        + b',"rows":[["2026-05-01",0.10]],"totals":{"amount":0.10}}'
    )
    request = rig.onec.requests[0]
    assert (request.method, str(request.url)) == (
        "POST",
        "http://1c.test/trade/hs/mcp/reports/sales",
    )
    assert request.headers["x-mcp-sub"] == "tester"
    assert request.headers["x-mcp-scopes"] == ",".join(ALL_SCOPES)
    assert request.headers["x-request-id"] == "r-1"
    assert arguments_to_1c(rig) == [
        {"period": {"from": "2026-05-01", "to": "2026-05-31"}, "group_by": ["month"], "top": 6}
    ]


@pytest.mark.parametrize(
    ("surface", "sent_top", "top_to_1c"),
    [
        ("mcp", None, 101),
        ("rest", None, 5001),
        ("mcp", 7, 8),
        ("rest", 7, 8),
        ("mcp", 9999, 5001),
        ("rest", 5000, 5001),
    ],
)
async def test_1c_gets_a_top_of_one_row_more_than_the_caller_gets(
    surface: Surface, sent_top: int | None, top_to_1c: int
) -> None:
    top = "" if sent_top is None else f',"top":{sent_top}'
    async with open_rig(answering(EMPTY_TABLE)) as rig:
        await rig.call("cash_flow", f"{{{MAY}{top}}}".encode(), surface=surface)

    assert arguments_to_1c(rig)[0]["top"] == top_to_1c


async def test_a_number_above_its_limit_is_lowered_and_said_so() -> None:
    async with open_rig(answering(CANDIDATES)) as rig:
        found = await rig.call("resolve_customer", '{"query":"ромашка","limit":50}'.encode())
    async with open_rig(answering(EMPTY_TABLE)) as report_rig:
        report = await report_rig.call("stock_balance", b'{"top":9000}')

    assert json.loads(found)["notice"] == "limit was 50, the limit is 10."
    assert arguments_to_1c(rig) == [{"query": "ромашка", "limit": 11}]
    assert json.loads(report)["notice"] == "top was 9000, the limit is 5000."


@pytest.mark.parametrize(
    ("top", "sent", "notice"),
    [(4999, 5000, None), (5000, 5001, None), (5001, 5001, "top was 5001, the limit is 5000.")],
)
async def test_only_a_number_above_its_limit_is_lowered(
    top: int, sent: int, notice: str | None
) -> None:
    async with open_rig(answering(EMPTY_TABLE)) as rig:
        answer = json.loads(await rig.call("stock_balance", f'{{"top":{top}}}'.encode()))

    assert (arguments_to_1c(rig)[0]["top"], answer.get("notice")) == (sent, notice)


async def test_one_more_is_requested_of_top_products_and_the_customer_card() -> None:
    card = b'{"customer":{"id":"c1"},"totals":{},"columns":[],"rows":[]}'
    async with open_rig(answering(card)) as rig:
        await rig.call("top_products", f"{{{MAY}}}".encode())
        await rig.call(
            "customer_summary", f'{{{MAY},"customer_id":"c1","top_products":3}}'.encode()
        )

    period = {"from": "2026-05-01", "to": "2026-05-31"}
    assert arguments_to_1c(rig) == [
        {"period": period, "top": 11},
        {"customer_id": "c1", "period": period, "top_products": 4},
    ]


async def test_mcp_answers_are_bounded_in_bytes_and_rest_answers_are_not() -> None:
    limits = LimitsSettings(max_result_bytes=2000)
    async with open_rig(answering(rows(100)), limits=limits) as rig:
        arguments = f'{{{MAY},"top":100}}'.encode()
        small = await rig.call("sales_report", arguments, surface="mcp")
        whole = await rig.call("sales_report", arguments, surface="rest")

    assert len(small) <= 2000
    assert json.loads(small)["truncated"] is True
    assert json.loads(whole)["rows_returned"] == 100


async def test_rest_refuses_more_rows_than_were_requested_from_1c() -> None:
    async with open_rig(answering(rows(9))) as rig:
        with pytest.raises(LimitExceeded):
            await rig.call("sales_report", f'{{{MAY},"top":3}}'.encode(), surface="rest")
        cut = await rig.call("sales_report", f'{{{MAY},"top":3}}'.encode(), surface="mcp")

    assert json.loads(cut)["rows_returned"] == 3


async def test_a_tool_without_its_scope_is_refused_without_a_request_to_1c() -> None:
    async with open_rig(answering(EMPTY_TABLE)) as rig:
        scopes, arguments = frozenset({SALES, RESOLVE}), f"{{{MAY}}}".encode()
        with pytest.raises(ScopeMissing, match="needs the scope mcp:report:money") as caught:
            await rig.call("cash_flow", arguments, scopes=scopes, surface="rest")
        # The answer does not show that there is such a tool, but the audit names it.
        with pytest.raises(NotFound, match="there is no such tool"):
            await rig.call("cash_flow", arguments, scopes=scopes, surface="mcp")

    assert caught.value.required == {MONEY}
    assert rig.onec.requests == []
    assert [record.code for record in rig.audit] == ["insufficient_scope", "not_found"]


@pytest.mark.parametrize("measures", ['"cost"', '["amount","profit"]', '["margin"]'])
async def test_cost_measures_are_refused_without_a_request_to_1c(measures: str) -> None:
    arguments = f'{{{MAY},"measures":{measures}}}'.encode()
    async with open_rig(answering(b'{"columns":[],"rows":[],"totals":{}}')) as rig:
        with pytest.raises(ScopeMissing, match="need the scope mcp:report:cost"):
            await rig.call("sales_report", arguments, scopes=EVERYTHING - {COST})
        await rig.call("sales_report", arguments, scopes=EVERYTHING)

    assert len(rig.onec.requests) == 1


async def test_a_filter_that_the_base_lacks_is_not_sent() -> None:
    async with open_rig(answering(EMPTY_TABLE)) as rig:
        rig.gateway.catalogue.capabilities = Capabilities(
            unsupported={
                "sales_report": {
                    "filters": frozenset({"firm_ids"}),
                    "group_by": frozenset({"seller"}),
                    "params": frozenset({"sort"}),
                }
            }
        )
        with pytest.raises(ValidationFailed) as caught:
            await rig.call(
                "sales_report",
                f'{{{MAY},"filters":{{"firm_ids":["f"]}},"group_by":["seller"],'
                f'"sort":[{{"field":"seller"}}]}}'.encode(),
            )

    assert {problem.path: problem.message for problem in caught.value.problems} == {
        "filters.firm_ids": "this 1C base does not support it",
        "group_by": "this 1C base does not support seller",
        "sort": "this 1C base does not support it",
    }
    assert rig.onec.requests == []


async def test_resolver_answers_are_shared_by_callers_of_the_same_scopes_only() -> None:
    async with open_rig(answering(CANDIDATES)) as rig:
        for query in ("Ромашка", "  ромашка ", "РОМАШКА"):
            await rig.call("resolve_customer", json.dumps({"query": query}).encode())
        assert len(rig.onec.requests) == 1
        await rig.call("resolve_customer", '{"query":"ромашка","include_groups":true}'.encode())
        await rig.call("resolve_product", '{"query":"ромашка"}'.encode())
        await rig.call(
            "resolve_customer", '{"query":"ромашка"}'.encode(), scopes=frozenset({RESOLVE})
        )

    assert len(rig.onec.requests) == 4
    assert [record.onec_calls for record in rig.audit] == [1, 0, 0, 1, 1, 1]


async def test_an_answer_of_the_wrong_shape_is_not_kept() -> None:
    answers = iter([b'{"nothing":1}', CANDIDATES])

    def next_answer(request: httpx.Request) -> Any:
        return answering(next(answers))(request)

    async with open_rig(next_answer) as rig:
        with pytest.raises(OnecBadResponse):
            await rig.call("resolve_customer", b'{"query":"x"}')
        found = await rig.call("resolve_customer", b'{"query":"x"}')

    assert json.loads(found)["candidates"] == json.loads(CANDIDATES)["candidates"]


async def test_a_call_that_outlasts_its_deadline_ends_as_a_timeout(
    autojump_clock: MockClock,
) -> None:
    async def never(_: httpx.Request) -> httpx.Response:
        await trio.sleep_forever()
        raise AssertionError

    onec = OnecSettings(base_url="http://1c.test/hs", timeout_ms=1500, report_timeout_ms=45_000)
    async with open_rig(never, onec=onec) as rig:
        with pytest.raises(OnecTimeout, match="within 1500 ms"):
            await rig.call("resolve_customer", b'{"query":"x"}')
        with pytest.raises(OnecTimeout, match="within 45000 ms"):
            await rig.call("stock_balance", b"{}")

    assert [(record.code, record.duration_ms) for record in rig.audit] == [
        ("onec_timeout", 1500),
        ("onec_timeout", 45_000),
    ]


async def test_a_loop_of_calls_gets_the_time_at_which_to_go_on(autojump_clock: MockClock) -> None:
    async with open_rig(answering(EMPTY_TABLE), limits=LimitsSettings(calls_per_minute=2)) as rig:
        await rig.call("stock_balance", b"{}")
        await rig.call("stock_balance", b"{}")
        with pytest.raises(RateLimited, match="go on in 30 s") as caught:
            await rig.call("stock_balance", b"{}")
        await trio.sleep(30)
        await rig.call("stock_balance", b"{}")

    assert caught.value.retry_after_seconds == 30


@pytest.mark.parametrize(
    "arguments", [b"", b"[]", b'"x"', b"{", b'{"a":NaN}', b'{"a":"\xff"}', b'{"a":1,"a":1}']
)
async def test_arguments_that_are_not_one_clear_object_are_refused(arguments: bytes) -> None:
    async with open_rig(answering(EMPTY_TABLE)) as rig:
        with pytest.raises(InvalidRequest):
            await rig.call("stock_balance", arguments)

    assert rig.audit[0].code == "invalid_request"


async def test_every_call_leaves_one_audit_record_without_data() -> None:
    began = datetime.now(UTC)
    async with open_rig(answering(rows(2))) as rig:
        body = await rig.call("sales_report", f"{{{MAY}}}".encode())
        with pytest.raises(NotFound):
            await rig.call("drop_tables", b"{}", surface="rest")

    answered, refused = rig.audit
    assert timedelta(0) <= answered.ts - began < timedelta(minutes=1)
    assert answered == AuditRecord(
        ts=answered.ts,
        request_id="r-1",
        surface="mcp",
        sub="tester",
        client="tests",
        tool="sales_report",
        ok=True,
        code="ok",
        duration_ms=answered.duration_ms,
        rows=2,
        bytes=len(body),
        onec_calls=1,
    )
    assert attrs.evolve(refused, ts=began, duration_ms=0) == AuditRecord(
        ts=began,
        request_id="r-1",
        surface="rest",
        sub="tester",
        client="tests",
        tool="drop_tables",
        ok=False,
        code="not_found",
        duration_ms=0,
        rows=None,
        bytes=0,
        onec_calls=0,
    )


async def test_a_cancelled_call_is_audited_as_cancelled() -> None:
    reached = trio.Event()

    async def hang(_: httpx.Request) -> httpx.Response:
        reached.set()
        await trio.sleep_forever()
        raise AssertionError

    with trio.fail_after(5):
        async with open_rig(hang) as rig, trio.open_nursery() as nursery:
            nursery.start_soon(rig.call, "stock_balance", b"{}")
            await reached.wait()
            nursery.cancel_scope.cancel()

    assert [(record.ok, record.code) for record in rig.audit] == [(False, "cancelled")]


async def test_an_error_of_1c_is_audited_under_its_class() -> None:
    async with open_rig(answering(b'{"error":"bad_period","message":"m"}', status=400)) as rig:
        with pytest.raises(OnecgwError):
            await rig.call("stock_balance", b"{}")

    assert [record.code for record in rig.audit] == ["onec_rejected"]
