"""The audit of a whole gateway: it is written, and without it nothing is answered."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from onecgw.app.lifespan import open_application
from onecgw.auth.caller import ALL_SCOPES, Caller
from onecgw.settings import (
    AuditSettings,
    DatabaseSettings,
    McpSettings,
    OnecAuthSettings,
    OnecSettings,
    Secret,
)
from onecgw.storage.audit_query import AuditQuery, read_audit
from onecgw.storage.database import Database
from onecgw.web.app import build_app
from tests.builders.gateway_rig import API_TOKEN, MCP_TOKEN, make_settings
from tests.builders.mcp_engine import ask, handshake, send

HEADERS = {"authorization": f"Bearer {API_TOKEN}"}
# A closed port: a call fails there, and is recorded.
NO_ONEC = OnecSettings(base_url="http://127.0.0.1:1", auth=OnecAuthSettings(username="gateway"))


@pytest.mark.parametrize(
    ("on_failure", "code"), [("deny", "storage_unavailable"), ("allow", "onec_error")]
)
async def test_without_its_database_the_gateway_does_what_the_operator_wants(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, on_failure: Any, code: str
) -> None:
    monkeypatch.setattr("onecgw.storage.database.LOOK_SECONDS", 0)
    path = tmp_path / "onecgw.db"
    settings = make_settings(
        onec=NO_ONEC,
        audit=AuditSettings(on_failure=on_failure),
        database=DatabaseSettings(path=path),
    )
    async with open_application(settings) as application:
        app: Any = build_app(
            settings, application.gateway, application.engine, check_readiness=application.readiness
        )
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://localhost", headers=HEADERS
        ) as http:
            before = await http.post("/reports/stock", json={})
            ready = await http.get("/readyz")
            path.rename(tmp_path / "elsewhere.db")
            after = await http.post("/reports/stock", json={})
            unready = await http.get("/readyz")
            (tmp_path / "elsewhere.db").rename(path)
            mended = await http.get("/readyz")

    assert before.json()["error"] == "onec_error"
    assert after.json()["error"] == code
    assert after.status_code == 503
    statuses = [answer.status_code for answer in (ready, unready, mended)]
    assert statuses == [200, 503, 200]
    assert unready.json()["database"] == "not writable"
    store = Database(path)
    records = store.read(lambda db: [one["code"] for one in read_audit(db, AuditQuery())])
    store.close()
    # Nothing is lost: what could not be written waited.
    assert records == ["onec_unavailable", after.json().get("code", code)]


@pytest.mark.parametrize(("on_failure", "rows"), [("deny", 1), ("allow", 0)])
async def test_an_answer_arrives_after_its_record_is_on_disk(
    tmp_path: Path, on_failure: Any, rows: int
) -> None:
    settings = make_settings(
        onec=NO_ONEC,
        audit=AuditSettings(on_failure=on_failure),
        database=DatabaseSettings(path=tmp_path / "onecgw.db"),
    )
    async with open_application(settings) as application:
        store = application.store
        assert store is not None
        app: Any = build_app(
            settings, application.gateway, application.engine, check_readiness=application.readiness
        )
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://localhost", headers=HEADERS
        ) as http:
            await http.post("/reports/stock", json={"top": "many"})
            records = store.read(lambda db: list(read_audit(db, AuditQuery())))

    assert [record["code"] for record in records] == ["validation_error"] * rows


@pytest.mark.parametrize("token", [MCP_TOKEN, "another-token-there"])
async def test_a_handshake_session_outlives_a_restart_as_long_as_the_token_does(token: str) -> None:
    kept = AuditSettings(retention_days=0)
    before = make_settings(onec=NO_ONEC, audit=kept)
    after = make_settings(onec=NO_ONEC, audit=kept, mcp=McpSettings(bearer_token=Secret(token)))
    caller = Caller(sub="static", scopes=frozenset(ALL_SCOPES))
    hello = handshake("initialize", protocolVersion="2025-06-18", capabilities={})
    async with open_application(before) as application:
        session = (await send(application.engine, hello, caller=caller)).session_id
    async with open_application(after) as application:
        answer = await ask(
            application.engine, handshake("tools/list"), caller=caller, session_id=session
        )

    assert ("result" in answer) == (token == MCP_TOKEN)
