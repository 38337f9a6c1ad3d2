import json
from typing import Any

import attrs
import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import MockClock, wait_all_tasks_blocked

from onecgw.backends.base import keep_capabilities_fresh
from onecgw.backends.http_service.capabilities import read_capabilities
from onecgw.catalogue.capabilities import Capabilities, OwnFirm
from tests.builders.onec_client import client_of, recorded
from tests.builders.onec_server import ReceivedRequest, Wire, onec_server

SAID = {
    "profile": "upp-1.3",
    "tools": {"unavailable": ["cash_flow", "payables_balance"]},
    "unsupported": {"sales_report": {"filters": ["customer_cohort"], "group_by": ["cohort"]}},
    "resolvers": {"always_empty": ["sales_channel"]},
}
KNOWN = Capabilities(
    profile="upp-1.3",
    unavailable_tools=frozenset({"cash_flow", "payables_balance"}),
    unsupported={
        "sales_report": {
            "filters": frozenset({"customer_cohort"}),
            "group_by": frozenset({"cohort"}),
            "measures": frozenset(),
            "params": frozenset(),
        }
    },
    always_empty=frozenset({"sales_channel"}),
)


def _health(capabilities: object) -> bytes:
    return json.dumps({"status": "ok", "capabilities": capabilities}).encode()


def test_capabilities_are_read_from_a_health_answer() -> None:
    assert read_capabilities(_health(SAID)) == KNOWN


@pytest.mark.parametrize("health", [b'{"status":"ok"}', b"{}", b'{"n":1e999}'])
def test_base_without_capabilities_supports_everything(health: bytes) -> None:
    assert read_capabilities(health) == Capabilities()


def test_what_is_not_understood_is_ignored_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    said = {**SAID, "tools": 7, "unsupported": {"sales_report": ["x"]}}
    assert read_capabilities(_health(said)) == Capabilities(
        profile="upp-1.3", always_empty=frozenset({"sales_channel"})
    )
    assert [vars(record)["fields"]["path"] for record in caplog.records] == [
        "tools",
        "unsupported.sales_report",
    ]


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["tools", "unavailable", "unsupported", "resolvers", "filters", "x"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


@given(_json)
def test_capabilities_that_are_not_understood_raise_nothing(said: object) -> None:
    assert isinstance(read_capabilities(_health(said)), Capabilities)


async def test_changes_are_logged_once_and_failures_change_nothing() -> None:
    everything = {"status": "ok"}
    answers = [
        everything,
        {**everything, "capabilities": SAID},
        None,
        {**everything, "capabilities": SAID},
        everything,
    ]
    calls = 0
    all_called = trio.Event()

    async def play(_: ReceivedRequest, wire: Wire) -> None:
        nonlocal calls
        answer = answers[min(calls, len(answers) - 1)]
        calls += 1
        if calls > len(answers):
            all_called.set()
        if answer is None:
            await wire.send(recorded("platform-403-blocked"))
        else:
            await wire.answer(json.dumps(answer).encode())

    changes: list[Capabilities] = []

    async def keep() -> None:
        await keep_capabilities_fresh(onec, changes.append, timeout_ms=5_000, every_seconds=0)

    async with onec_server(play) as server, client_of(server.base_url) as onec:
        with trio.fail_after(5):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(keep)
                await all_called.wait()
                nursery.cancel_scope.cancel()
    assert changes == [KNOWN, Capabilities()]


async def test_health_that_was_not_answered_is_read_again_soon(mock_clock: MockClock) -> None:
    answered = trio.Event()

    async def play(_: ReceivedRequest, wire: Wire) -> None:
        if len(server.requests) == 1:
            await wire.wait_until_the_gateway_hangs_up()
        else:
            await wire.answer(_health(SAID))

    async def keep() -> None:
        await keep_capabilities_fresh(onec, lambda _: answered.set(), timeout_ms=700)

    async with (
        onec_server(play) as server,
        client_of(server.base_url) as onec,
        trio.open_nursery() as nursery,
    ):
        nursery.start_soon(keep)
        while not server.requests:
            await wait_all_tasks_blocked(0.01)
        mock_clock.jump(0.7)
        while onec.state().in_flight:
            await wait_all_tasks_blocked(0.01)
        mock_clock.jump(15)
        mock_clock.rate = 1
        with trio.fail_after(5):
            await answered.wait()
        nursery.cancel_scope.cancel()


def test_how_far_the_books_go_and_whose_they_are_is_read_from_health() -> None:
    health = {
        "status": "ok",
        "as_of": "2026-11-20T18:00:00",
        "closed_until": "2026-09-30",
        "firms": [{"id": "f1", "label": "ТОВ Ромашка"}, {"label": "без id"}, 7],
    }

    assert read_capabilities(json.dumps(health).encode()) == Capabilities(
        as_of="2026-11-20",
        closed_until="2026-09-30",
        firms=(OwnFirm(id="f1", label="ТОВ Ромашка"),),
    )


@pytest.mark.parametrize(
    ("named", "is_published_the_same"),
    [
        ({"as_of": "2026-11-21", "closed_until": "2026-10-31"}, True),
        ({"firms": (OwnFirm(id="f1", label="ТОВ Ромашка"),)}, True),
        ({"unavailable_tools": frozenset({"cash_flow"})}, False),
        ({"base_currency": "UAH"}, False),
    ],
)
def test_a_new_day_in_the_books_changes_no_list_of_tools(
    named: dict[str, Any], is_published_the_same: bool
) -> None:
    assert KNOWN.publishes_the_same(attrs.evolve(KNOWN, **named)) is is_published_the_same
