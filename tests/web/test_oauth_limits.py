"""How often an address or a client may ask: every `oauth.rate_limit.*`, its 429, and 0 = off."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest
import trio
import trio.testing

from onecgw.errors import RateLimited
from onecgw.settings import RateLimitSettings
from onecgw.web.oauth import limits
from tests.builders.oauth_rig import CALLBACK, OWNER_KEY, OauthRig, hidden, open_oauth

EMPTY: dict[str, list[object]] = {"grants": [], "codes": [], "tokens": [], "transactions": []}
OFF = dict.fromkeys(
    (
        "authorize_per_minute",
        "pages_per_minute",
        "failures_per_minute",
        "register_per_minute",
        "token_per_minute",
        "token_address_per_minute",
    ),
    0,
)

Ask = Callable[[OauthRig, str, int], Awaitable[httpx.Response]]


async def _page(oauth: OauthRig, client_id: str, number: int) -> httpx.Response:
    return await oauth.open_page(client_id)


async def _key(oauth: OauthRig, client_id: str, number: int) -> httpx.Response:
    return await oauth.open_consent(client_id, "not-a-key")


async def _registration(oauth: OauthRig, client_id: str, number: int) -> httpx.Response:
    return await oauth.http.post("/oauth/register", json={"redirect_uris": [CALLBACK]})


async def _document(oauth: OauthRig, client_id: str, number: int) -> httpx.Response:
    return await oauth.open_page(f"https://app.example.org/{number}.json")


async def _token(oauth: OauthRig, client_id: str, number: int) -> httpx.Response:
    return await oauth.redeem(client_id, "ocg_ac_unknown")


async def _token_of_anybody(oauth: OauthRig, client_id: str, number: int) -> httpx.Response:
    return await oauth.redeem(f"client-{number}", "ocg_ac_unknown")


async def _revocation(oauth: OauthRig, client_id: str, number: int) -> httpx.Response:
    form = {"client_id": client_id, "token": "ocg_rt_unknown"}
    return await oauth.http.post("/oauth/revoke", data=form)


LIMITS = [
    ("pages_per_minute", _page, 200),
    ("authorize_per_minute", _key, 403),
    ("register_per_minute", _registration, 201),
    ("register_per_minute", _document, 400),
    ("token_per_minute", _token, 400),
    ("token_per_minute", _revocation, 200),
    ("token_address_per_minute", _token_of_anybody, 401),
]


def test_every_limit_is_a_setting_that_is_tested_here() -> None:
    names = {name for name, _, _ in LIMITS} | {"failures_per_minute"}
    assert names == set(RateLimitSettings.__annotations__) == set(OFF)


@pytest.mark.parametrize(("name", "ask", "status"), LIMITS)
async def test_a_limit_answers_429_and_when_to_come_back(
    tmp_path: Path, name: str, ask: Ask, status: int
) -> None:
    limits = RateLimitSettings(**(OFF | {name: 3}))
    async with open_oauth(tmp_path, cimd="off", rate_limit=limits) as oauth:
        # The registration of the client counts, too.
        client_id = "unknown" if ask is _registration else (await oauth.register())["client_id"]
        before = oauth.state()
        answers = [await ask(oauth, client_id, number) for number in range(5)]
        after = oauth.state()
    statuses = [answer.status_code for answer in answers]
    assert statuses == [status] * 3 + [429] * 2
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 60
    assert before == after
    assert oauth.event_names.count("ratelimit.hit") == 1
    if answers[-1].headers["content-type"] == "application/json; charset=utf-8":
        assert answers[-1].json()["error"] == "slow_down"
    else:
        assert "Too many attempts. Wait " in answers[-1].text


@pytest.mark.parametrize(("name", "ask", "status"), LIMITS)
async def test_a_limit_of_0_is_off(tmp_path: Path, name: str, ask: Ask, status: int) -> None:
    defaults = RateLimitSettings()
    # The other limits stay, except for those that the same requests would meet.
    off = RateLimitSettings(
        **(dict.fromkeys(("token_per_minute", "pages_per_minute"), 0) | {name: 0})
    )
    async with open_oauth(tmp_path, cimd="off", rate_limit=off) as oauth:
        client_id = (await oauth.register())["client_id"]
        count = min(getattr(defaults, name) + 2, 200)
        seen = {(await ask(oauth, client_id, number)).status_code for number in range(count)}
    assert seen == {status}


async def test_many_wrong_keys_slow_all_logins_and_lock_no_account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slowed = _count_sleeps(monkeypatch)
    rate_limit = RateLimitSettings(authorize_per_minute=0, failures_per_minute=2)
    async with open_oauth(tmp_path, rate_limit=rate_limit) as oauth:
        client_id = (await oauth.register())["client_id"]
        for number in range(2):
            await oauth.open_consent(client_id, f"not-a-key-{number}")
        assert slowed == []
        right = await oauth.open_consent(client_id, OWNER_KEY)
    assert right.status_code == 200
    assert slowed == [limits.PAUSE_SECONDS]


async def test_wrong_keys_at_the_same_time_are_limited_as_well(
    autojump_clock: trio.testing.MockClock,
) -> None:
    limit = limits.WrongKeyLimit(2)
    began: list[float] = []
    refused: list[int | None] = []

    async def guess() -> None:
        try:
            async with limit.attempt():
                began.append(trio.current_time() - start)
                await trio.sleep(0.5)
                limit.count_wrong()
        except RateLimited as error:
            refused.append(error.retry_after_seconds)

    start = trio.current_time()
    async with trio.open_nursery() as nursery:
        for _ in range(60):
            nursery.start_soon(guess)

    waiting = limits.MAX_WAITING + 1  # one of them has its turn
    assert sorted(began)[:5] == pytest.approx([0, 0, 2, 4.5, 7])
    assert len(began) == 2 + waiting
    assert len(refused) == 60 - len(began)
    assert set(refused) == {limits.MAX_WAITING * limits.PAUSE_SECONDS}


async def test_the_brake_may_be_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slowed = _count_sleeps(monkeypatch)
    async with open_oauth(tmp_path, rate_limit=RateLimitSettings(**OFF)) as oauth:
        client_id = (await oauth.register())["client_id"]
        page = await oauth.open_page(client_id)
        form = {"request": hidden(page, "request"), "key": "not-a-key"}
        statuses = {(await oauth.post_form(form)).status_code for _ in range(70)}
    assert (statuses, slowed) == ({403}, [])


def _count_sleeps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    slowed: list[float] = []

    async def sleep(seconds: float) -> None:
        slowed.append(seconds)

    monkeypatch.setattr(trio, "sleep", sleep)
    return slowed


async def test_keys_are_not_guessed_in_a_row_and_a_spoofed_address_does_not_help(
    tmp_path: Path,
) -> None:
    limits = RateLimitSettings(authorize_per_minute=3)
    async with open_oauth(tmp_path, rate_limit=limits) as oauth:
        client_id = (await oauth.register())["client_id"]
        statuses = []
        for number in range(5):
            oauth.http.headers["x-forwarded-for"] = f"192.0.2.{number}"
            statuses.append((await oauth.open_consent(client_id, "not-a-key")).status_code)
    assert statuses == [403] * 3 + [429] * 2
    assert {event.ip for event in oauth.events} == {"127.0.0.1"}
    assert oauth.event_names.count("ratelimit.hit") == 1


async def test_a_flood_takes_no_storage_and_its_records_are_short(tmp_path: Path) -> None:
    async with open_oauth(tmp_path, rate_limit=RateLimitSettings(pages_per_minute=2)) as oauth:
        client_id = (await oauth.register())["client_id"]
        for _ in range(5):
            await oauth.open_page(client_id, scope="x" * 900)
        assert oauth.state() == EMPTY
        details = [event.detail for event in oauth.events]
    assert max(map(len, details)) == 200


@pytest.mark.parametrize("name", ["client_id", "client%5Fid"])
@pytest.mark.parametrize("scheme", ["https", "%68ttps"])
async def test_documents_are_not_fetched_in_a_flood_however_it_is_written(
    tmp_path: Path, name: str, scheme: str
) -> None:
    limits = RateLimitSettings(register_per_minute=2)
    async with open_oauth(tmp_path, rate_limit=limits, cimd="off") as oauth:
        query = f"{name}={scheme}://app.example.org/a.json"
        statuses = [
            (await oauth.http.get(f"/oauth/authorize?{query}&n={number}")).status_code
            for number in range(3)
        ]
    assert statuses == [400, 400, 429]


async def test_a_client_does_not_flood_the_token_endpoint(tmp_path: Path) -> None:
    async with open_oauth(tmp_path, rate_limit=RateLimitSettings(token_per_minute=2)) as oauth:
        client_id = (await oauth.register())["client_id"]
        other_client = (await oauth.register())["client_id"]
        statuses = [
            (await oauth.redeem(who, "ocg_ac_unknown")).status_code
            for who in (client_id, client_id, client_id, other_client)
        ]
    assert statuses == [400, 400, 429, 400]


async def test_requests_in_the_name_of_a_client_take_nothing_from_it(tmp_path: Path) -> None:
    limits = RateLimitSettings(token_per_minute=2, token_address_per_minute=20)
    async with open_oauth(tmp_path, rate_limit=limits) as oauth:
        client_id = (await oauth.register())["client_id"]
        for _ in range(3):
            await oauth.redeem(f"x{client_id[-64:]}", "ocg_ac_unknown")
        own = await oauth.redeem(client_id, "ocg_ac_unknown")
        rotated = [
            (await oauth.redeem(f"r{number}", "ocg_ac_unknown")).status_code for number in range(20)
        ]
    assert own.status_code == 400
    assert (rotated[0], rotated[-1]) == (401, 429)
