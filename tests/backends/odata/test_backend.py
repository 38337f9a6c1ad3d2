"""What 1C is asked for, and what a caller is told when it cannot answer."""

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, unquote

import attrs
import msgspec
import pytest
import trio
from trio.testing import MockClock

from onecgw.backends.odata.backend import ODataBackend
from onecgw.backends.odata.catalogues import ZERO
from onecgw.backends.odata.fetch import Reply
from onecgw.backends.odata.plan import objects_to_publish
from onecgw.backends.odata.profile_reader import SHIPPED, load_profile
from onecgw.backends.odata.settings import ODataSettings
from onecgw.backends.odata.url import Spelling
from onecgw.errors import (
    OnecBadResponse,
    OnecError,
    OnecForbidden,
    OnecNotPublished,
    OnecRejected,
    OnecUnavailable,
)
from tests.backends.odata.conftest import SETTINGS, backend_of
from tests.backends.odata.fake_onec import FakeOnec, parts_of
from tests.backends.odata.test_errors import as_json

BOTH = pytest.mark.parametrize("configuration", ["ut", "unf"])
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


async def ask(backend: ODataBackend, operation: str, body: dict[str, Any]) -> dict[str, Any]:
    found = await backend.fetch(operation, json.dumps(body).encode())
    return msgspec.json.decode(found, type=dict[str, Any])


def fresh(base: FakeOnec, *, records: int | None = None) -> FakeOnec:
    registers = {
        name: attrs.evolve(one, records=one.records[:records])
        for name, one in base.registers.items()
    }
    return attrs.evolve(base, registers=registers, hidden=set(), broken={}, lacking=set(), asked=[])


@BOTH
async def test_everything_that_is_read_is_in_the_plan(
    configuration: str, bases: dict[str, FakeOnec]
) -> None:
    base = fresh(bases[configuration])
    backend = backend_of(base, configuration)
    for operation, body in OPERATIONS:
        await ask(backend, operation, body)
    planned = {one.name for one in objects_to_publish(load_profile(configuration))}
    read = {"_".join(name.split("_")[:2]) for name in parts_of(base) if "_" in name}
    assert read == planned


@BOTH
async def test_object_taken_out_of_the_composition_is_named_by_what_needs_it(
    configuration: str, bases: dict[str, FakeOnec]
) -> None:
    profile = load_profile(configuration)
    for one in objects_to_publish(profile):
        base = fresh(bases[configuration], records=40)
        base.hidden = {name for name in [*base.sets, *base.registers] if name.startswith(one.name)}
        backend = backend_of(base, configuration)
        told = [await refusal(backend, operation, body) for operation, body in OPERATIONS]
        is_told = any(f"({one.name})" in message for message in told)
        assert is_told, (one.name, told)


async def refusal(backend: ODataBackend, operation: str, body: dict[str, Any]) -> str:
    try:
        await ask(backend, operation, body)
    except OnecNotPublished as error:
        return error.message
    return ""


@BOTH
@pytest.mark.parametrize("spelling", Spelling)
async def test_no_address_exceeds_the_budget_and_all_say_what_they_must(
    configuration: str, spelling: Spelling, bases: dict[str, FakeOnec]
) -> None:
    base = fresh(bases[configuration])
    settings = attrs.evolve(SETTINGS, arguments=spelling)
    backend = backend_of(base, configuration, settings=settings)
    for operation, body in OPERATIONS:
        await ask(backend, operation, body)
    customers = (await ask(backend, "resolve/customer", {"query": "т", "limit": 500}))["candidates"]
    for count in (1, 5, 12, 25, 60, 400):
        ids = [one["id"] for one in customers[:count]]
        body = {"period": MAY, "filters": {"customer_ids": ids}, "group_by": ["firm"]}
        await ask(backend, "reports/sales", body)
    longest = max(len(settings.base_path) + len(address) for address in base.asked)
    assert longest <= settings.max_url_bytes
    assert not [one for one in base.asked if "allowedOnly" in one or "inlinecount" in one]


@BOTH
async def test_few_ids_are_filtered_by_1c_and_many_here_with_the_same_sums(
    configuration: str, bases: dict[str, FakeOnec]
) -> None:
    base = fresh(bases[configuration])
    small = attrs.evolve(SETTINGS, max_url_bytes=560)
    wide, narrow = backend_of(base, configuration), backend_of(base, configuration, settings=small)
    found = await ask(wide, "resolve/customer", {"query": "т", "limit": 500})
    ids = [one["id"] for one in found["candidates"][:3]]
    body = {"period": YEAR, "filters": {"customer_ids": ids}, "group_by": ["product"]}
    by_1c = await ask(wide, "reports/sales", body)
    assert "Condition" in unquote(base.asked[-1])
    assert await ask(narrow, "reports/sales", body) == by_1c
    assert "Condition" not in unquote(base.asked[-1])


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
    operation: str, body: dict[str, Any], calls: int, bases: dict[str, FakeOnec]
) -> None:
    base = fresh(bases["ut"])
    backend = backend_of(base, "ut")
    await ask(backend, operation, body)
    base.asked.clear()
    await ask(backend, operation, body)
    assert len(base.asked) == calls


async def test_rows_above_the_cap_are_refused_and_never_cut(bases: dict[str, FakeOnec]) -> None:
    settings = attrs.evolve(SETTINGS, max_rows=50)
    backend = backend_of(fresh(bases["unf"]), "unf", settings=settings)
    with pytest.raises(OnecRejected, match="more than 50 rows"):
        await ask(backend, "reports/sales", {"period": MAY, "group_by": ["product"]})
    # Catalogues are longer than that, and come in pages.
    found = await ask(backend, "resolve/product", {"query": "а", "limit": 1000})
    assert len(found["candidates"]) > 50


async def test_too_many_days_are_refused_with_what_to_do(bases: dict[str, FakeOnec]) -> None:
    backend = backend_of(fresh(bases["unf"]), "unf", settings=ODataSettings())
    with pytest.raises(OnecRejected) as caught:
        await ask(backend, "reports/sales", {"period": YEAR, "group_by": ["day"]})
    assert caught.value.message == (
        "the period has more than 62 parts by day, and 1C is called for each: shorten the period, "
        "or group by month"
    )


async def test_records_of_centuries_are_refused_too(bases: dict[str, FakeOnec]) -> None:
    backend = backend_of(fresh(bases["ut"]), "ut", settings=ODataSettings())
    body = {"period": {"from": "1000-01-01", "to": "9998-12-31"}, "group_by": ["firm"]}
    with pytest.raises(OnecRejected, match="more than 62 parts by month"):
        await ask(backend, "reports/cash_flow", body)


async def test_receipts_of_a_long_period_are_refused_where_records_must_be_read(
    bases: dict[str, FakeOnec],
) -> None:
    backend = backend_of(fresh(bases["ut"]), "ut")
    with pytest.raises(OnecRejected, match="receipts need single records of 1C"):
        await ask(backend, "reports/sales", {"period": YEAR, "measures": ["receipts"]})


@pytest.mark.parametrize("keys_less", [0, 1, 2])
async def test_card_of_a_year_is_the_same_in_one_call_and_in_several(
    keys_less: int, bases: dict[str, FakeOnec]
) -> None:
    """Behind a customer stand several keys; with little room some are a call of their own."""
    base = fresh(bases["ut"])
    wide = backend_of(base, "ut")
    found = await ask(wide, "reports/sales", {"period": YEAR, "group_by": ["customer"], "top": 1})
    body = {"customer_id": found["rows"][0][0]["id"], "period": YEAR}
    base.asked.clear()
    expected = await ask(wide, "reports/customer_summary", body)
    assert expected["totals"]["receipts"] > 0
    records = [one for one in base.asked if "RecordType" in one and "orderby" not in one]
    one_key = quote(f" or АналитикаУчетаПоПартнерам_Key eq guid'{ZERO}'", safe="'")
    room = len(SETTINGS.base_path) + max(map(len, records)) - keys_less * len(one_key)
    narrow = backend_of(base, "ut", settings=attrs.evolve(SETTINGS, max_url_bytes=room))
    assert await ask(narrow, "reports/customer_summary", body) == expected


async def test_base_that_fits_no_profile_says_what_each_wants() -> None:
    base = FakeOnec(sets={"Catalog_Прочее": [{"Ref_Key": "x"}]}, registers={})
    backend = backend_of(base, *SHIPPED)
    capabilities = await backend.capabilities()
    assert len(capabilities.unavailable) == 16
    with pytest.raises(OnecNotPublished) as caught:
        await ask(backend, "resolve/customer", {"query": "x"})
    for name in SHIPPED:
        assert load_profile(name).title in caught.value.message
    assert "«Регистр накопления: Продажи» (AccumulationRegister_Продажи)" in caught.value.message


async def test_profile_is_chosen_by_what_the_base_publishes(bases: dict[str, FakeOnec]) -> None:
    for name, profile in (("ut", "ut-11.5"), ("unf", "unf-3.0")):
        backend = backend_of(fresh(bases[name]), *SHIPPED)
        assert (await backend.capabilities()).profile == profile


async def test_missing_field_costs_only_what_needs_it(bases: dict[str, FakeOnec]) -> None:
    base = fresh(bases["ut"])
    base.lacking = {"Менеджер_Key", "ДатаРегистрации"}
    backend = backend_of(base, "ut")
    lacks = (await backend.capabilities()).unsupported["sales_report"]
    assert lacks == {
        "group_by": {"seller", "cohort", "sales_channel"},
        "filters": {"customer_cohort", "sales_channel_ids"},
    }
    told = await refusal(backend, "reports/sales", {"period": MAY, "group_by": ["cohort"]})
    assert told.endswith("«Справочник: Партнеры» (Catalog_Партнеры) has no field ДатаРегистрации")


async def test_composition_is_read_again_after_an_error_that_tells_of_another(
    bases: dict[str, FakeOnec],
) -> None:
    base = fresh(bases["ut"])
    backend = backend_of(base, "ut")
    await ask(backend, "reports/receivables", {})
    register = "AccumulationRegister_РасчетыСКлиентамиПоСрокам"
    base.hidden = {register}
    assert f"({register})" in await refusal(backend, "reports/receivables", {})
    assert (await backend.capabilities()).unavailable == {"receivables_balance"}


async def test_missing_right_is_forbidden_and_a_wrong_password_is_not_ours_to_tell(
    bases: dict[str, FakeOnec],
) -> None:
    base = fresh(bases["ut"])
    register = "AccumulationRegister_РасчетыСКлиентамиПоСрокам"
    backend = backend_of(base, "ut")
    base.broken = {register: (401, as_json("20"))}
    with pytest.raises(OnecForbidden, match="record-level access"):
        await ask(backend, "reports/receivables", {})
    base.broken = {register: (401, b"<html>")}
    with pytest.raises(OnecUnavailable, match="HTTP 401"):  # what the shared table made of it
        await ask(backend, "reports/receivables", {})


async def test_partial_data_is_asked_for_only_if_allowed_and_then_told(
    bases: dict[str, FakeOnec],
) -> None:
    base = fresh(bases["ut"])
    settings = attrs.evolve(SETTINGS, is_partial_allowed=True)
    answer = await ask(backend_of(base, "ut", settings=settings), "reports/receivables", {})
    assert answer["notes"][-1].startswith("only what 1C's user may read")
    assert all(
        "allowedOnly=true" in one for one in base.asked if "РасчетыСКлиентами" in unquote(one)
    )


@pytest.mark.parametrize(
    "body",
    [b"<feed/>", b"{}", b'{"value":{}}', b'{"value":[', b"\xff", b'{"value":[{"x":1}]}'],
)
async def test_answer_that_is_not_odata_s_json_is_a_bad_response(
    body: bytes, bases: dict[str, FakeOnec]
) -> None:
    base = fresh(bases["unf"])
    base.broken = {"AccumulationRegister_РасчетыСПокупателями": (200, body)}
    with pytest.raises(OnecBadResponse):
        await ask(backend_of(base, "unf"), "reports/receivables", {})


@pytest.mark.parametrize(
    ("body", "told"),
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
    body: dict[str, Any], told: str, bases: dict[str, FakeOnec]
) -> None:
    with pytest.raises(OnecRejected) as caught:
        await ask(backend_of(fresh(bases["unf"]), "unf"), "reports/sales", body)
    assert told in caught.value.message


@attrs.define
class SlowOnec:
    """Answers after a second each; counts how many calls run at once."""

    base: FakeOnec
    failing: str = ""
    running: int = 0
    most: int = 0
    cancelled: int = 0

    async def get(self, path_and_query: str) -> Reply:
        if "Turnovers" not in path_and_query:
            return await self.base.get(path_and_query)
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            if self.failing and self.failing in path_and_query:
                return Reply(status=503, body=b"")
            await trio.sleep(1)
            return await self.base.get(path_and_query)
        except trio.Cancelled:
            self.cancelled += 1
            raise
        finally:
            self.running -= 1

    def failure(self, reply: Reply) -> OnecError:
        return self.base.failure(reply)


async def test_calls_run_side_by_side_within_a_bound_and_tell_their_progress(
    bases: dict[str, FakeOnec], autojump_clock: MockClock
) -> None:
    slow = SlowOnec(fresh(bases["unf"]))
    backend = backend_of(slow, "unf")  # type: ignore[arg-type] # as good as the base itself
    seen: list[tuple[int, int]] = []

    async def progress(done: int, of: int) -> None:
        seen.append((done, of))

    body = {"period": YEAR, "group_by": ["month"]}
    await backend.fetch("reports/sales", json.dumps(body).encode(), progress)
    assert slow.most == 4
    assert seen == [(done, 12) for done in range(1, 13)]


async def test_first_failure_comes_out_as_itself_and_cancels_the_other_calls(
    bases: dict[str, FakeOnec], autojump_clock: MockClock
) -> None:
    slow = SlowOnec(fresh(bases["unf"]), failing="2025-12-01")
    backend = backend_of(slow, "unf")  # type: ignore[arg-type] # as above
    with pytest.raises(OnecUnavailable, match="HTTP 503"):
        await ask(backend, "reports/sales", {"period": YEAR, "group_by": ["month"]})
    assert (slow.running, slow.cancelled) == (0, 3)
