"""The settings are read again while the gateway serves: no call is lost, errors change nothing."""

import json
import os
import signal
import ssl
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio

from onecgw.app.control import control_path, request_reload
from onecgw.app.reload import Reloader
from onecgw.errors import ConfigError
from onecgw.settings.changes import compare_settings
from tests.builders.certificate import make_certificate
from tests.builders.gateway_process import START_SECONDS, served
from tests.builders.gateway_rig import API_TOKEN, MCP_TOKEN, make_settings
from tests.builders.holding_onec import HoldingOnec
from tests.builders.onec_server import onec_server
from tests.builders.onec_service import answer_well

STOCK = {"measures": ["amount"]}
NEW_TOKEN = "another-api-token-0001"


async def report(client: httpx.AsyncClient, token: str = API_TOKEN) -> int:
    headers = {"authorization": f"Bearer {token}"}
    return (await client.post("/reports/stock", json=STOCK, headers=headers)).status_code


async def test_a_reload_loses_no_call_and_new_calls_have_the_new_settings(tmp_path: Path) -> None:
    onec = HoldingOnec(expected=4)
    statuses: list[int] = []
    async with (
        onec_server(onec.play) as server,
        served(tmp_path, server.base_url) as (one, url),
        httpx.AsyncClient(base_url=url, timeout=START_SECONDS) as client,
    ):
        async with trio.open_nursery() as nursery:

            async def ask() -> None:
                statuses.append(await report(client))

            for _ in range(4):
                nursery.start_soon(ask)
            with trio.fail_after(START_SECONDS):
                await onec.all_are_here.wait()
            one.change(API_TOKEN, NEW_TOKEN)
            done = await one.run("reload")
            logged = await one.wait_event("reload.done")
            with trio.fail_after(START_SECONDS):
                # The old token is not accepted any more, while four calls with it still run.
                refused = await report(client)
            running = len(statuses)
            onec.release.set()
        accepted = await report(client, NEW_TOKEN)

    assert (done.returncode, done.stdout.decode()) == (
        0,
        "Reloaded.\n  api.bearer_token: *** → ***\n",
    )
    assert logged["changed"] == ["api.bearer_token: *** → ***"]
    assert (refused, running, statuses, accepted) == (401, 0, [200] * 4, 200)


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="needs SIGHUP")
async def test_wrong_settings_change_nothing_and_what_needs_a_restart_is_named(
    tmp_path: Path,
) -> None:
    async with (
        onec_server(answer_well) as server,
        served(tmp_path, server.base_url) as (one, url),
        httpx.AsyncClient(base_url=url, timeout=START_SECONDS) as client,
    ):
        one.change("max_concurrency: 16", "max_concurrency: many")
        one.process.send_signal(signal.SIGHUP)
        refused = await one.wait_event("reload.refused")
        status = await report(client)
        command = await one.run("reload")

        one.change("max_concurrency: many", "max_concurrency: 4")
        one.change("  port: 0", "  port: 0\n  max_connections: 7")
        one.process.send_signal(signal.SIGHUP)
        done = await one.wait_event("reload.done")
        waiting = await one.wait_event("reload.needs_restart")
        last = await one.run("reload")
        one.process.terminate()
        await one.wait_event("serve.stopped")
        leftover = (tmp_path / "data" / "onecgw.control").exists()

    assert 'onec.max_concurrency = "many"' in refused["reason"]
    assert status == 200
    assert command.returncode == 2
    assert b"max_concurrency" in command.stderr
    assert done["changed"] == ["onec.max_concurrency: 16 → 4"]
    assert waiting["changed"] == ["server.max_connections: 1000 → 7"]
    assert last.stdout.decode() == "Reloaded.\n"
    assert last.stderr.decode() == ("Only after a restart:\n  server.max_connections: 1000 → 7\n")
    assert leftover is False


async def test_a_certificate_is_renewed_by_a_reload(tmp_path: Path) -> None:
    path = make_certificate(tmp_path, "localhost")
    before = ssl.create_default_context(cafile=path)
    tls = ("  port: 0", f"  port: 0\n  tls: {{cert: {path.name}, key: {path.name}}}")
    async with (
        onec_server(answer_well) as server,
        served(tmp_path, server.base_url, tls) as (
            one,
            url,
        ),
    ):
        base_url = url.replace("127.0.0.1", "localhost")
        async with httpx.AsyncClient(base_url=base_url, verify=before) as client:
            first = (await client.get("/livez")).status_code
            (tmp_path / "new").mkdir()
            new = make_certificate(tmp_path / "new", "localhost")
            path.write_bytes(new.read_bytes())
            assert (await one.run("reload")).returncode == 0
            kept = (await client.get("/livez")).status_code
        with pytest.raises(httpx.ConnectError):
            async with httpx.AsyncClient(base_url=base_url, verify=before) as client:
                await client.get("/livez")
        after = ssl.create_default_context(cafile=path)
        async with httpx.AsyncClient(base_url=base_url, verify=after) as client:
            last = (await client.get("/livez")).status_code
            metrics = (await client.get("/metrics")).text

        path.write_text("rubbish")
        refused = await one.run("reload")
        async with httpx.AsyncClient(base_url=base_url, verify=after) as client:
            still = (await client.get("/livez")).status_code
        probe = await one.run("probe")

    assert [first, kept, last, still] == [200] * 4
    assert "onecgw_certificate_expires 1." in metrics
    assert (refused.returncode, b"has no certificate in PEM" in refused.stderr) == (2, True)
    assert b"server.port: 0" in probe.stderr


async def test_the_control_file_is_for_its_owner_and_a_wrong_token_gets_no_answer(
    tmp_path: Path,
) -> None:
    path = tmp_path / "data" / "onecgw.control"
    async with onec_server(answer_well) as server, served(tmp_path, server.base_url) as (one, _):
        await one.wait_event("control.started")
        control, mode = read_control(path)
        write_control(path, {**control, "token": "x" * len(control["token"])})
        done = await one.run("reload")

    assert os.name == "nt" or mode == 0o600
    assert len(control["token"]) >= 40
    assert b"no gateway with these settings runs" in done.stderr


def read_control(path: Path) -> tuple[dict[str, Any], int]:
    """The content of a control file, and its mode."""
    return json.loads(path.read_text()), path.stat().st_mode & 0o777


def write_control(path: Path, control: dict[str, Any]) -> None:
    """Replace the content of a control file."""
    path.write_text(json.dumps(control))


def test_without_a_gateway_the_command_says_so(tmp_path: Path) -> None:
    path = tmp_path / "onecgw.control"
    path.write_text('{"port": 1, "token": "x"}')

    for place in (path, tmp_path / "missing"):
        with pytest.raises(ConfigError, match="no gateway with these settings runs"):
            request_reload(place)


def test_secrets_are_never_part_of_a_difference() -> None:
    used = make_settings()
    read = make_settings(mcp=used.mcp.__class__(bearer_token=used.api.bearer_token))

    changes = compare_settings(used, read)

    assert [str(change) for change in changes.applied] == ["mcp.bearer_token: *** → ***"]
    assert MCP_TOKEN not in repr(changes.applied)
    assert API_TOKEN not in repr(changes.applied)
    assert control_path(used).name == "onecgw.control"


async def test_a_defect_leaves_the_settings_in_use() -> None:
    used = make_settings()

    class Served:
        settings = used

        async def exchange(self, settings: Any) -> None:  # noqa: ARG002 - of the protocol
            raise ZeroDivisionError

    report = await Reloader(Served(), lambda: used).reload()

    assert report.error == "internal error; the log of the gateway has more"
