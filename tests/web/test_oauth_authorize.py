"""The authorization request and its two pages: refusals, where an error is shown, the texts."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from onecgw.auth.caller import ALL_SCOPES
from onecgw.oauth.authorization import MAX_STATE_BYTES
from onecgw.oauth.login import AUTHORIZATION_SECONDS
from onecgw.oauth.scopes import SENSITIVE
from onecgw.oauth.storage.transactions import TRANSACTION_SECONDS
from onecgw.web.oauth.pages import TEXTS
from onecgw.web.pages import LANGUAGES
from tests.builders.login_forms import offered, ticked
from tests.builders.oauth_rig import (
    CALLBACK,
    CHALLENGE,
    ISSUER,
    OWNER_KEY,
    SALES_KEY,
    hidden,
    open_oauth,
    redirect_of,
)

CLAUDE = "https://claude.ai/api/mcp/auth_callback"
EMPTY: dict[str, list[Any]] = {"grants": [], "codes": [], "tokens": [], "transactions": []}


def is_page(response: httpx.Response, status: int) -> None:
    """A page that no other page may frame, embed, keep or learn from."""
    assert response.status_code == status, response.text
    headers = response.headers
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert headers["cache-control"] == "no-store"
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    policy = headers["content-security-policy"].split("; ")
    assert policy[0] == "default-src 'none'"
    assert policy[1].startswith("style-src 'sha256-")
    assert policy[2:] == ["frame-ancestors 'none'", "base-uri 'none'"]
    assert "access-control-allow-origin" not in headers
    assert "location" not in headers
    assert "<script" not in response.text


@pytest.mark.parametrize(
    "redirect_uri",
    [
        None,
        f"{CLAUDE}/",
        f"{CLAUDE}?next=https://evil.example",
        f"{CLAUDE}.evil.example",
        "https://claude.ai.evil.example/api/mcp/auth_callback",
        "https://evil.example/https://claude.ai/api/mcp/auth_callback",
        "https://claude.ai@evil.example/api/mcp/auth_callback",
        "https://claude.ai:443/api/mcp/auth_callback",
        "https://claude.ai:8443/api/mcp/auth_callback",
        "https://CLAUDE.ai/api/mcp/auth_callback",
        "https://claude.ai/api/mcp/AUTH_callback",
        "https://claude.ai/api/mcp/%61uth_callback",
        "https://claude.ai/api/mcp/x/../auth_callback",
        "https://claude.ai/api/mcp/%2e%2e/mcp/auth_callback",
        "https://claude.ai/api/mcp/auth_callback#fragment",
        "https://сlaude.ai/api/mcp/auth_callback",
        "https://xn--laude-3re.ai/api/mcp/auth_callback",
        "http://claude.ai/api/mcp/auth_callback",
        "http://127.0.0.1:3000/other",
        "http://127.0.0.1:3000/callback?x=1",
        "http://localhost:3000/callback",
        "http://[::1]:3000/callback",
        "http://127.0.0.1:3000@evil.example/callback",
        "http://127.0.0.1.evil.example:3000/callback",
        "http://127.0.0.1:3000\\@evil.example/callback",
        "javascript:alert(1)",
    ],
)
async def test_a_redirect_that_is_not_the_clients_is_shown_on_a_page(
    tmp_path: Path, redirect_uri: str | None
) -> None:
    async with open_oauth(tmp_path) as oauth:
        client = await oauth.register(redirect_uris=[CALLBACK, CLAUDE])
        is_page(await oauth.open_page(client["client_id"], redirect_uri=redirect_uri), 400)
        assert oauth.state() == EMPTY
    assert oauth.event_names[-1] == "authorize.rejected"


async def test_where_all_is_wrong_there_is_no_redirect(tmp_path: Path) -> None:
    wrong = {"redirect_uri": "https://evil.example/", "response_type": "token", "scope": '"'}
    async with open_oauth(tmp_path) as oauth:
        client_id = (await oauth.register())["client_id"]
        is_page(await oauth.open_page(client_id, **wrong), 400)
        is_page(await oauth.open_page("unknown", **(wrong | {"redirect_uri": CALLBACK})), 400)


async def test_a_loopback_redirect_may_have_any_port(tmp_path: Path) -> None:
    async with open_oauth(tmp_path) as oauth:
        client_id = (await oauth.register())["client_id"]
        redirect = await oauth.fetch_code(client_id, redirect_uri="http://127.0.0.1:54321/callback")
    assert redirect["iss"] == ISSUER


@pytest.mark.parametrize("client_id", ["unknown", "ocg_dc_AAAA", "https://evil.example/c.json"])
async def test_an_unknown_client_is_reported_on_a_page(tmp_path: Path, client_id: str) -> None:
    async with open_oauth(tmp_path, cimd="off") as oauth:
        is_page(await oauth.open_page(client_id), 400)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"response_type": None}, "unsupported_response_type"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"request": "x"}, "request_not_supported"),
        ({"request_uri": "https://evil.example/"}, "request_uri_not_supported"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": "s256"}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge": CHALLENGE[:-1] + "="}, "invalid_request"),
        ({"code_challenge": "x" * 42}, "invalid_request"),
        ({"code_challenge": "x" * 44}, "invalid_request"),
        ({"code_challenge": "x" * 129}, "invalid_request"),
        ({"resource": "https://elsewhere.example.org/mcp"}, "invalid_target"),
        ({"resource": f"{ISSUER}/mcp#x"}, "invalid_target"),
        ({"resource": f"{ISSUER}/other"}, "invalid_target"),
        ({"scope": 'mcp:"'}, "invalid_scope"),
        ({"scope": "mcp:resolve  mcp:report:sales"}, "invalid_scope"),
    ],
    ids=str,
)
async def test_a_wrong_request_goes_back_to_the_client(
    tmp_path: Path, change: dict[str, str | None], error: str
) -> None:
    async with open_oauth(tmp_path) as oauth:
        client_id = (await oauth.register())["client_id"]
        response = await oauth.open_page(client_id, **change)
        assert oauth.state() == EMPTY
    assert response.status_code == 303
    assert response.headers["location"].startswith(f"{CALLBACK}?")
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["referrer-policy"] == "same-origin"
    assert "access-control-allow-origin" not in response.headers
    parameters = redirect_of(response)
    assert (parameters["error"], parameters["state"], parameters["iss"]) == (
        error,
        "state-1",
        ISSUER,
    )


@pytest.mark.parametrize(
    "name", ["state", "scope", "code_challenge", "code_challenge_method", "response_type"]
)
async def test_a_repeated_parameter_goes_back_as_an_error(tmp_path: Path, name: str) -> None:
    async with open_oauth(tmp_path) as oauth:
        client_id = (await oauth.register())["client_id"]
        query = httpx.QueryParams(oauth.query(client_id)).add(name, "x")
        response = await oauth.http.get("/oauth/authorize", params=query)
        parameters = redirect_of(response)
    assert parameters["error"] == "invalid_request"
    assert parameters.get("state") == (None if name == "state" else "state-1")


@pytest.mark.parametrize("name", ["client_id", "redirect_uri"])
async def test_a_repeated_client_or_redirect_is_shown_on_a_page(tmp_path: Path, name: str) -> None:
    async with open_oauth(tmp_path) as oauth:
        client_id = (await oauth.register())["client_id"]
        query = oauth.query(client_id)
        doubled = httpx.QueryParams(query).add(name, query[name])
        is_page(await oauth.http.get("/oauth/authorize", params=doubled), 400)


async def test_two_resources_are_one_too_many(tmp_path: Path) -> None:
    async with open_oauth(tmp_path) as oauth:
        client_id = (await oauth.register())["client_id"]
        query = httpx.QueryParams(oauth.query(client_id)).add("resource", f"{ISSUER}/mcp")
        response = await oauth.http.get("/oauth/authorize", params=query)
    assert redirect_of(response)["error"] == "invalid_target"


@pytest.mark.parametrize(
    "resource", [None, ISSUER, f"{ISSUER}/", f"{ISSUER}/mcp/", "HTTP://LocalHost:8088/mcp"]
)
async def test_our_resource_may_be_written_in_several_ways(
    tmp_path: Path, resource: str | None
) -> None:
    async with open_oauth(tmp_path) as oauth:
        client_id = (await oauth.register())["client_id"]
        is_page(await oauth.open_page(client_id, resource=resource), 200)


async def test_a_state_comes_back_byte_for_byte(tmp_path: Path) -> None:
    state = "é&=+ %20/?\"'<>" + "x" * 500
    async with open_oauth(tmp_path) as oauth:
        client_id = (await oauth.register())["client_id"]
        redirect = await oauth.fetch_code(client_id, state=state)
        too_long = await oauth.open_page(client_id, state="x" * (MAX_STATE_BYTES + 1))
    assert redirect["state"] == state
    assert redirect_of(too_long)["error"] == "invalid_request"


@pytest.mark.parametrize(
    ("key", "scope", "shown", "before"),
    [
        (OWNER_KEY, " ".join(ALL_SCOPES), ALL_SCOPES, ALL_SCOPES[:3]),
        (SALES_KEY, " ".join(ALL_SCOPES), ALL_SCOPES[:2], ALL_SCOPES[:2]),
        (OWNER_KEY, None, ALL_SCOPES[:3], ALL_SCOPES[:3]),
        (OWNER_KEY, "openid profile", ALL_SCOPES[:3], ALL_SCOPES[:3]),
        (OWNER_KEY, "offline_access mcp:report:money", ("mcp:report:money",), ()),
        (SALES_KEY, "mcp:report:stock", (), ()),
    ],
    ids=["all", "entitled", "default", "unknown", "sensitive", "nothing"],
)
async def test_the_consent_page_offers_what_is_requested_and_entitled(
    tmp_path: Path, key: str, scope: str | None, shown: tuple[str, ...], before: tuple[str, ...]
) -> None:
    async with open_oauth(tmp_path) as oauth:
        client_id = (await oauth.register())["client_id"]
        page = await oauth.open_consent(client_id, key, scope=scope)
    is_page(page, 200)
    assert (offered(page), ticked(page)) == (frozenset(shown), frozenset(before))
    assert f"<bdi>Name of {'owner' if key == OWNER_KEY else 'sales'}</bdi>" in page.text
    is_confidential = bool({"mcp:report:money", "mcp:report:cost"} & set(shown))
    assert (TEXTS["en"]["scopes_sensitive"] in page.text) is is_confidential
    explained = {scope for scope in SENSITIVE if TEXTS["en"][f"questions:{scope}"] in page.text}
    assert explained == SENSITIVE & set(shown)


async def test_more_than_was_offered_cannot_be_ticked(tmp_path: Path) -> None:
    async with open_oauth(tmp_path) as oauth:
        client_id = (await oauth.register())["client_id"]
        await oauth.fetch_code(client_id, scopes=ALL_SCOPES, scope="mcp:resolve")
        (grant,) = oauth.rows("grants")
    assert grant["scopes"] == "mcp:resolve"


async def test_a_consent_without_a_tick_is_reported_beside_the_boxes(tmp_path: Path) -> None:
    async with open_oauth(tmp_path) as oauth:
        client_id = (await oauth.register())["client_id"]
        consent = await oauth.open_consent(client_id)
        form = {"transaction": hidden(consent, "transaction"), "answer": "allow"}
        page = await oauth.post_form(form)
    is_page(page, 400)
    assert TEXTS["en"]["scopes_none"] in page.text


async def test_names_are_shown_as_text_and_marked_as_unverified(tmp_path: Path) -> None:
    name = "<b>Bank</b>\u202e \x07 & Co"
    async with open_oauth(tmp_path) as oauth:
        client_id = (await oauth.register(client_name=name))["client_id"]
        page = await oauth.open_page(client_id)
    is_page(page, 200)
    assert "&lt;b&gt;Bank&lt;/b&gt; &amp; Co" in page.text
    assert TEXTS["en"]["unverified"] in page.text
    assert "\u202e" not in page.text


async def test_a_wrong_key_and_a_1c_that_is_down_get_different_pages(tmp_path: Path) -> None:
    async with open_oauth(tmp_path) as oauth:
        client_id = (await oauth.register())["client_id"]
        wrong = await oauth.open_consent(client_id, "not-a-key")
        oauth.accounts.is_down = True
        down = await oauth.open_consent(client_id, OWNER_KEY)
        oauth.accounts.is_down = False
        well = await oauth.open_consent(client_id, OWNER_KEY)
    is_page(wrong, 403)
    assert TEXTS["en"]["key_invalid"].split(".")[0] in wrong.text
    is_page(down, 503)
    assert "1C does not answer" in down.text
    is_page(well, 200)
    assert [event for event in oauth.event_names if event.startswith("key.")] == [
        "key.failed",
        "key.unavailable",
        "key.ok",
    ]


async def test_a_fault_of_the_gateway_is_not_put_on_1c_or_the_link(tmp_path: Path) -> None:
    async with open_oauth(tmp_path, keys="local") as oauth:
        client_id = (await oauth.register())["client_id"]
        page = await oauth.open_page(client_id)
        oauth.store.close()
        form = {"request": hidden(page, "request"), "key": OWNER_KEY}
        answers = [await oauth.post_form(form), await oauth.open_page(client_id)]
    for answer in answers:
        is_page(answer, 503)
        assert int(answer.headers["retry-after"]) >= 1
        assert TEXTS["en"]["later_title"] in answer.text
        assert "storage_unavailable" in answer.text
        assert "1C does not answer" not in answer.text
        assert TEXTS["en"]["error_title"] not in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://localhost:9999"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"content-type": "text/plain"},
    ],
    ids=str,
)
async def test_a_form_of_another_page_is_refused(tmp_path: Path, headers: dict[str, str]) -> None:
    async with open_oauth(tmp_path) as oauth:
        client_id = (await oauth.register())["client_id"]
        consent = await oauth.open_consent(client_id)
        form = {
            "transaction": hidden(consent, "transaction"),
            "answer": "allow",
            "scope": "mcp:resolve",
        }
        before = oauth.state()
        response = await oauth.post_form(form, **headers)
        is_page(response, 403)  # a person reads it
        assert TEXTS["en"]["foreign"] in response.text
        assert oauth.state() == before
        assert (await oauth.post_form(form)).status_code == 303


async def test_a_form_with_two_origins_is_refused(tmp_path: Path) -> None:
    async with open_oauth(tmp_path) as oauth:
        client_id = (await oauth.register())["client_id"]
        consent = await oauth.open_consent(client_id)
        form = {"transaction": hidden(consent, "transaction"), "answer": "deny"}
        for name, ours, foreign in (
            ("origin", ISSUER, "https://evil.example"),
            ("sec-fetch-site", "same-origin", "cross-site"),
        ):
            headers = [(name, ours), (name, foreign)]
            is_page(await oauth.http.post("/oauth/authorize", data=form, headers=headers), 403)
        assert len(oauth.rows("transactions")) == 1


async def test_a_form_of_another_browser_is_refused(tmp_path: Path) -> None:
    async with open_oauth(tmp_path) as oauth:
        client_id = (await oauth.register())["client_id"]
        page = await oauth.open_page(client_id)
        consent = await oauth.open_consent(client_id)
        before = oauth.state()
        mine = dict(oauth.http.cookies)
        for cookies in ({}, {"ocg_login": "0" * 32}):
            oauth.http.cookies = httpx.Cookies(cookies)
            for form in (
                {"request": hidden(page, "request"), "key": OWNER_KEY},
                {"transaction": hidden(consent, "transaction"), "answer": "deny"},
            ):
                is_page(await oauth.post_form(form), 400)
        assert oauth.state() == before
        assert set(mine) == {"ocg_login"}


async def test_a_consent_is_answered_once(tmp_path: Path) -> None:
    async with open_oauth(tmp_path) as oauth:
        client_id = (await oauth.register())["client_id"]
        consent = await oauth.open_consent(client_id)
        form = {
            "transaction": hidden(consent, "transaction"),
            "answer": "allow",
            "scope": "mcp:resolve",
        }
        assert (await oauth.post_form(form)).status_code == 303
        before = oauth.state()
        is_page(await oauth.post_form(form), 400)
        assert oauth.state() == before


async def test_pages_get_old(tmp_path: Path) -> None:
    assert (AUTHORIZATION_SECONDS, TRANSACTION_SECONDS) == (600, 300)
    async with open_oauth(tmp_path) as oauth:
        client_id = (await oauth.register())["client_id"]
        page = await oauth.open_page(client_id)
        consent = await oauth.open_consent(client_id)
        oauth.clock.seconds += TRANSACTION_SECONDS
        late = await oauth.post_form(
            {"transaction": hidden(consent, "transaction"), "answer": "deny"}
        )
        oauth.clock.seconds += AUTHORIZATION_SECONDS - TRANSACTION_SECONDS
        later = await oauth.post_form({"request": hidden(page, "request"), "key": OWNER_KEY})
    for response in (late, later):
        is_page(response, 400)
        assert "open for too long" in response.text


@pytest.mark.parametrize("field", ["request", "transaction"])
async def test_a_changed_hidden_field_is_refused(tmp_path: Path, field: str) -> None:
    async with open_oauth(tmp_path) as oauth:
        client_id = (await oauth.register())["client_id"]
        page = await oauth.open_page(client_id)
        if field == "transaction":
            page = await oauth.open_consent(client_id)
        value = hidden(page, field)
        changed = ("A" if value[20] != "A" else "B").join((value[:20], value[21:]))
        is_page(await oauth.post_form({field: changed, "key": OWNER_KEY, "answer": "deny"}), 400)


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("uk-UA,uk;q=0.9,en;q=0.8", "uk"),
        ("ru", "ru"),
        ("en-US,en;q=0.9", "en"),
        ("de,ru;q=0.3,uk;q=0.7", "uk"),
        ("de", "en"),
        ("", "en"),
        ("uk;q=broken", "en"),
    ],
)
async def test_the_pages_speak_the_language_of_the_browser(
    tmp_path: Path, accepted: str, language: str
) -> None:
    async with open_oauth(tmp_path) as oauth:
        client_id = (await oauth.register())["client_id"]
        oauth.http.headers["accept-language"] = accepted
        page = await oauth.open_page(client_id)
        switched = await oauth.post_form({"request": hidden(page, "request"), "language": "ru"})
        form = {"request": hidden(switched, "request"), "key": OWNER_KEY}
        consent = await oauth.post_form(form)
        form = {"transaction": hidden(consent, "transaction"), "language": "uk"}
        consent_switched = await oauth.post_form(form)
        nothing_ticked = await oauth.post_form(
            form | {"language": "", "shown": "uk", "answer": "allow"}
        )
    assert f'<html lang="{language}">' in page.text
    assert '<html lang="ru">' in switched.text
    assert '<html lang="ru">' in consent.text
    assert '<html lang="uk">' in consent_switched.text
    assert TEXTS["uk"]["scopes_none"] in nothing_ticked.text


def test_every_text_is_there_in_every_language() -> None:
    assert set(TEXTS) == set(LANGUAGES)
    assert {frozenset(texts) for texts in TEXTS.values()} == {frozenset(TEXTS["en"])}
    assert all(text for texts in TEXTS.values() for text in texts.values())


async def test_the_cookie_is_bound_to_the_host(tmp_path: Path) -> None:
    async with open_oauth(tmp_path, public_url="https://mcp.example.org") as oauth:
        oauth.http.base_url = httpx.URL("https://mcp.example.org")
        client_id = (await oauth.register())["client_id"]
        page = await oauth.open_page(client_id, resource=None)
    cookie = page.headers["set-cookie"]
    assert cookie.startswith("__Host-ocg_login=")
    assert cookie.partition("; ")[2] == "Max-Age=3600; Path=/; HttpOnly; SameSite=Lax; Secure"


async def test_absolute_addresses_never_come_from_the_request(tmp_path: Path) -> None:
    spoofed = {
        "x-forwarded-host": "evil.example",
        "x-forwarded-proto": "ftp",
        "forwarded": "host=evil.example",
    }
    async with open_oauth(tmp_path) as oauth:
        oauth.http.headers.update(spoofed)
        documents = [
            (await oauth.http.get(f"/.well-known/{name}")).text
            for name in ("oauth-protected-resource", "oauth-authorization-server")
        ]
        foreign = await oauth.http.get(
            "/.well-known/oauth-authorization-server", headers={"host": "evil.example"}
        )
        challenge = (await oauth.rpc(None, "tools/list")).headers["www-authenticate"]
    assert "evil" not in "".join([*documents, challenge])
    assert foreign.status_code == 421


@pytest.mark.parametrize("foreign", ['prefs={"a":1}', "a b=1", "foo", "t=[1,2]"])
async def test_a_cookie_of_another_application_does_not_hide_ours(
    tmp_path: Path, foreign: str
) -> None:
    async with open_oauth(tmp_path) as oauth:
        client_id = (await oauth.register())["client_id"]
        page = await oauth.open_page(client_id)
        ours = page.headers["set-cookie"].partition(";")[0]
        oauth.http.cookies.clear()
        form = {"request": hidden(page, "request"), "key": OWNER_KEY}
        statuses = [
            (await oauth.post_form(form, cookie=cookie)).status_code
            for cookie in (f"{foreign}; {ours}", f"{ours}; {foreign}")
        ]
    assert statuses == [200, 200]


async def test_no_script_of_another_origin_reads_the_pages(tmp_path: Path) -> None:
    origin = {"origin": "http://localhost:3000"}
    async with open_oauth(tmp_path) as oauth:
        client_id = (await oauth.register())["client_id"]
        page = await oauth.http.get(
            "/oauth/authorize", params=oauth.query(client_id), headers=origin
        )
        preflight = await oauth.http.options(
            "/oauth/authorize", headers=origin | {"access-control-request-method": "POST"}
        )
    assert (page.status_code, preflight.status_code) == (200, 405)
    for answer in (page, preflight):
        assert not [name for name in answer.headers if name.startswith("access-control")]
