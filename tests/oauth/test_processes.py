"""Two gateways in two processes on one database: what one has done is done for the other."""

import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import attrs
import trio

from onecgw.oauth.storage.grants import revoke_grant
from onecgw.oauth.token_grants import GRACE_SECONDS
from tests.builders.oauth_rig import CALLBACK, OWNER_KEY, VERIFIER, Login, OauthRig, open_oauth
from tests.oauth.worker import ask_all

TEST_SECONDS = 60
LIST = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
Request = list[Any]


@attrs.define
class Other:
    """The gateway in the other process."""

    process: trio.Process
    received: bytes = b""

    async def line(self) -> str:
        assert self.process.stdout is not None
        while b"\n" not in self.received:
            data = await self.process.stdout.receive_some()
            assert data, "the other gateway has ended"
            self.received += data
        line, _, self.received = self.received.partition(b"\n")
        return line.decode()

    async def start(self, requests: list[Request]) -> None:
        assert self.process.stdin is not None
        await self.process.stdin.send_all(json.dumps(requests).encode() + b"\n")

    async def ask(self, *requests: Request) -> list[tuple[int, Any]]:
        await self.start(list(requests))
        return read(json.loads(await self.line()))


def read(answers: list[list[Any]]) -> list[tuple[int, Any]]:
    return [(status, json.loads(body)) for status, body in answers]


@asynccontextmanager
async def two_gateways(folder: Path) -> AsyncIterator[tuple[OauthRig, Other]]:
    with trio.fail_after(TEST_SECONDS):
        async with open_oauth(folder) as oauth, trio.open_nursery() as nursery:
            process: trio.Process = await nursery.start(_run, folder)
            other = Other(process)
            assert await other.line() == "ready"
            yield oauth, other
            assert process.stdin is not None
            await process.stdin.aclose()  # which ends it
            await process.wait()


async def _run(folder: Path, task_status: trio.TaskStatus[trio.Process]) -> None:
    await trio.run_process(
        [sys.executable, "-m", "tests.oauth.worker", str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        task_status=task_status,
    )


async def ask_both(oauth: OauthRig, other: Other, requests: list[Request]) -> list[tuple[int, Any]]:
    """Half of the requests here and half there, all at once."""
    half = len(requests) // 2
    await other.start(requests[half:])
    here = await ask_all(oauth, requests[:half])
    return read(here) + read(json.loads(await other.line()))


def tools(token: str) -> Request:
    return ["/mcp", {"authorization": f"Bearer {token}"}, None, LIST]


def refreshing(login: Login, token: str = "") -> Request:
    form = {
        "grant_type": "refresh_token",
        "client_id": login.client_id,
        "refresh_token": token or login.refresh,
    }
    return ["/oauth/token", {}, form, None]


async def test_what_one_gateway_issues_is_good_in_the_other(tmp_path: Path) -> None:
    async with two_gateways(tmp_path) as (oauth, other):
        login = await oauth.login()
        ((status, _),) = await other.ask(tools(login.access))
        ((refreshed, tokens),) = await other.ask(refreshing(login))
        back = await oauth.rpc(tokens["access_token"], "tools/list")
        # A client registered here, and a code issued here, are good there.
        client_id = (await oauth.register())["client_id"]
        code = (await oauth.fetch_code(client_id))["code"]
        form = {
            "grant_type": "authorization_code",
            "client_id": client_id,
            "code": code,
            "redirect_uri": CALLBACK,
            "code_verifier": VERIFIER,
        }
        ((redeemed, _),) = await other.ask(["/oauth/token", {}, form, None])
    assert (status, refreshed, back.status_code, redeemed) == (200, 200, 200, 200)


async def _by_client(oauth: OauthRig, login: Login) -> None:
    data = {"client_id": login.client_id, "token": login.refresh}
    assert (await oauth.http.post("/oauth/revoke", data=data)).status_code == 200


async def _by_administrator(oauth: OauthRig, login: Login) -> None:
    for row in oauth.rows("grants"):
        grant = row["id"]
        oauth.store.write_here(
            lambda db, grant=grant: revoke_grant(db, grant, now=oauth.now(), why="test")  # type: ignore[misc]
        )


async def _by_replay(oauth: OauthRig, login: Login) -> None:
    assert (await oauth.redeem(login.client_id, login.redirect["code"])).status_code == 400


async def _by_reuse(oauth: OauthRig, login: Login) -> None:
    answer = (await oauth.refresh(login)).json()
    await oauth.rpc(answer["access_token"], "tools/list")
    oauth.clock.seconds += GRACE_SECONDS + 1
    assert (await oauth.refresh(login)).status_code == 400


async def test_what_one_gateway_revokes_is_over_in_the_other_at_once(tmp_path: Path) -> None:
    async with two_gateways(tmp_path) as (oauth, other):
        for revoke in (_by_client, _by_administrator, _by_replay, _by_reuse):
            login = await oauth.login()
            ((before, _),) = await other.ask(tools(login.access))
            await revoke(oauth, login)
            ((call, body),) = await other.ask(tools(login.access))
            ((refreshed, problem),) = await other.ask(refreshing(login))
            assert before == 200
            assert (call, body["error"]) == (401, "unauthorized"), revoke
            assert (refreshed, problem["error"]) == (400, "invalid_grant"), revoke


async def test_twenty_refreshes_spread_on_both_get_one_successor(tmp_path: Path) -> None:
    async with two_gateways(tmp_path) as (oauth, other):
        login = await oauth.login()
        answers = await ask_both(oauth, other, [refreshing(login)] * 20)
        accesses = [body["access_token"] for _, body in answers]
        calls = await ask_both(oauth, other, [tools(token) for token in accesses])
        kinds = [row["kind"] for row in oauth.rows("tokens")]
        (successor,) = {body["refresh_token"] for _, body in answers}
        ((further, _),) = await other.ask(refreshing(login, successor))
    assert [status for status, _ in answers + calls] == [200] * 40
    assert len(set(accesses)) == 20
    assert kinds.count("refresh") == 2  # the parent and one child
    assert further == 200


async def test_fifty_redemptions_of_one_code_spread_on_both_have_one_winner_and_end_it(
    tmp_path: Path,
) -> None:
    async with two_gateways(tmp_path) as (oauth, other):
        client_id = (await oauth.register())["client_id"]
        code = (await oauth.fetch_code(client_id, OWNER_KEY))["code"]
        form = {
            "grant_type": "authorization_code",
            "client_id": client_id,
            "code": code,
            "redirect_uri": CALLBACK,
            "code_verifier": VERIFIER,
        }
        answers = await ask_both(oauth, other, [["/oauth/token", {}, form, None]] * 50)
        (won,) = [body for status, body in answers if status == 200]
        calls = await ask_both(oauth, other, [tools(won["access_token"])] * 2)
        tokens, (grant,) = oauth.rows("tokens"), oauth.rows("grants")
    assert sorted(status for status, _ in answers) == [200] + [400] * 49
    assert {body["error"] for status, body in answers if status == 400} == {"invalid_grant"}
    assert [status for status, _ in calls] == [401, 401]
    assert tokens == []
    assert grant["revoked_why"] == "the code was used twice"
