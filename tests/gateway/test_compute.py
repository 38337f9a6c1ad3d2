"""Computations on large answers run beside other calls."""

import threading
from typing import Any

import httpx
import pytest

from onecgw.gateway import upstream
from tests.builders.demo_gateway import ask
from tests.builders.gateway_rig import open_rig

TABLE = (
    b'{"columns":[{"name":"customer","type":"ref"},{"name":"amount","type":"number"}],'
    b'"rows":[[{"id":"a","label":"A"},1.00]],"totals":{"amount":1.00}}'
)


@pytest.mark.parametrize("is_large", [False, True])
async def test_large_answers_are_computed_in_a_thread(
    monkeypatch: pytest.MonkeyPatch, *, is_large: bool
) -> None:
    used: list[bool] = []
    whole = upstream.UpstreamSession.compute

    async def compute(self: upstream.UpstreamSession, function: Any) -> Any:
        def noted() -> Any:
            used.append(threading.current_thread() is not threading.main_thread())
            return function()

        return await whole(self, noted)

    monkeypatch.setattr(
        upstream, "COMPUTED_ON_LOOP_BYTES", len(TABLE) if is_large else len(TABLE) + 1
    )
    monkeypatch.setattr(upstream.UpstreamSession, "compute", compute)
    headers = {"content-type": "application/json"}
    async with open_rig(lambda _: httpx.Response(200, content=TABLE, headers=headers)) as rig:
        answer = await ask(
            rig,
            "sales_report",
            period={"from": "2026-05-01", "to": "2026-05-31"},
            group_by=["customer"],
            measures=["amount"],
            share="amount",
        )

    assert answer["rows"][0][2:] == [100, 100, "A"]
    assert used == [is_large, is_large]  # reading, and analysing
