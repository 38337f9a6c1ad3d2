"""Where a browser is sent, and when a person must agree first (RFC 9700, 4.11.2)."""

import html
import re
from pathlib import Path

import httpx
import pytest

from onecgw.settings import RedirectSettings
from onecgw.web.oauth.pages import TEXTS
from tests.builders.oauth_rig import CALLBACK, ISSUER, hidden, open_oauth, redirect_of

UNKNOWN_ADDRESS = "https://stranger.example.org/callback?kept=1"
OPEN = RedirectSettings(open_https=True, allowed=("https://app.example.org/callback",))


def link_of(page: httpx.Response) -> httpx.URL:
    found = re.search(r'<a href="([^"]+)" rel="noreferrer"', page.text)
    assert found, page.text
    return httpx.URL(html.unescape(found[1]))


async def test_a_wrong_request_does_not_redirect_to_an_unknown_address(
    tmp_path: Path,
) -> None:
    async with open_oauth(tmp_path, redirects=OPEN) as oauth:
        client_id = (await oauth.register(redirect_uris=[UNKNOWN_ADDRESS]))["client_id"]
        page = await oauth.open_page(client_id, redirect_uri=UNKNOWN_ADDRESS, scope='"')
    assert page.status_code == 400
    assert "location" not in page.headers
    assert page.headers["referrer-policy"] == "same-origin"
    assert "<script" not in page.text
    assert "http-equiv" not in page.text
    assert TEXTS["en"]["leave_title"] in page.text
    assert '<strong id="receiver">stranger.example.org</strong>' in page.text
    link = link_of(page)
    assert str(link).startswith(f"{UNKNOWN_ADDRESS}&error=invalid_scope&")
    # Nothing of the person: they have not said who they are.
    assert dict(link.params) == {
        "kept": "1",
        "error": "invalid_scope",
        "error_description": "the scope is not readable",
        "state": "state-1",
        "iss": ISSUER,
    }


async def test_a_person_who_says_no_decides_whether_to_go_there(tmp_path: Path) -> None:
    async with open_oauth(tmp_path, redirects=OPEN) as oauth:
        client_id = (await oauth.register(redirect_uris=[UNKNOWN_ADDRESS]))["client_id"]
        consent = await oauth.open_consent(client_id, redirect_uri=UNKNOWN_ADDRESS)
        form = {"transaction": hidden(consent, "transaction"), "shown": "uk", "answer": "deny"}
        page = await oauth.post_form(form)
        assert oauth.rows("transactions") == []
    assert page.status_code == 200
    assert "location" not in page.headers
    assert TEXTS["uk"]["leave_title"] in page.text
    assert link_of(page).params["error"] == "access_denied"


async def test_a_person_who_has_allowed_it_is_sent_back(tmp_path: Path) -> None:
    async with open_oauth(tmp_path, redirects=OPEN) as oauth:
        client_id = (await oauth.register(redirect_uris=[UNKNOWN_ADDRESS]))["client_id"]
        redirect = await oauth.fetch_code(client_id, redirect_uri=UNKNOWN_ADDRESS)
    assert set(redirect) == {"kept", "code", "state", "iss"}


@pytest.mark.parametrize(
    "uri", [CALLBACK, "https://claude.ai/api/mcp/auth_callback", "https://app.example.org/callback"]
)
async def test_known_addresses_get_errors_at_once(tmp_path: Path, uri: str) -> None:
    async with open_oauth(tmp_path, redirects=OPEN) as oauth:
        client_id = (await oauth.register(redirect_uris=[uri]))["client_id"]
        answer = await oauth.open_page(client_id, redirect_uri=uri, scope='"')
    assert answer.status_code == 303
    assert redirect_of(answer)["error"] == "invalid_scope"


async def test_a_client_of_the_operator_gets_errors_at_once(tmp_path: Path) -> None:
    uri = "https://intranet.example.org/callback"
    async with open_oauth(tmp_path, clients=(f"intranet {uri}",)) as oauth:
        answer = await oauth.open_page("intranet", redirect_uri=uri, scope='"')
        consent = await oauth.open_consent("intranet", redirect_uri=uri)
        form = {"transaction": hidden(consent, "transaction"), "answer": "deny"}
        denied = await oauth.post_form(form)
    assert (answer.status_code, denied.status_code) == (303, 303)
    assert denied.headers["location"].startswith(f"{uri}?error=access_denied&")


async def test_another_language_leaves_the_boxes_as_the_person_left_them(tmp_path: Path) -> None:
    async with open_oauth(tmp_path) as oauth:
        client_id = (await oauth.register())["client_id"]
        consent = await oauth.open_consent(client_id)
        before, events = oauth.state(), len(oauth.events)
        form = {"transaction": hidden(consent, "transaction"), "shown": "en"}
        chosen = ["mcp:report:sales", "mcp:report:cost", "mcp:report:no-such"]
        switched = await oauth.post_form(form | {"scope": chosen, "language": "uk"})
        unticked = await oauth.post_form(form | {"language": "ru"})
        foreign = await oauth.post_form(
            form | {"scope": chosen, "language": "uk"}, origin="https://evil.example"
        )
        assert (oauth.state(), len(oauth.events)) == (before, events)
        nothing = await oauth.post_form(form | {"answer": "allow"})
    assert _ticked(switched) == {"mcp:report:sales", "mcp:report:cost"}
    assert '<html lang="uk">' in switched.text
    assert _ticked(unticked) == set()
    assert '<html lang="ru">' in unticked.text
    assert foreign.status_code == 403
    # An error does not tick again what the person has unticked, either.
    assert (nothing.status_code, _ticked(nothing)) == (400, set())


def _ticked(page: httpx.Response) -> set[str]:
    return set(re.findall(r'name="scope" value="([^"]+)" id="[^"]+" checked', page.text))


async def test_another_language_on_the_first_page_neither_sends_nor_echoes_a_key(
    tmp_path: Path,
) -> None:
    async with open_oauth(tmp_path) as oauth:
        client_id = (await oauth.register())["client_id"]
        page = await oauth.open_page(client_id)
        key_form, switch_form = re.findall(r"<form.*?</form>", page.text, re.DOTALL)
        form = {"request": hidden(page, "request"), "key": "typed-key", "language": "uk"}
        switched = await oauth.post_form(form)
    assert 'name="key"' in key_form
    assert 'name="language"' not in key_form
    assert 'name="key"' not in switch_form
    assert switch_form.count('form="switch" name="language"') == 3
    assert '<html lang="uk">' in switched.text
    assert "typed-key" not in switched.text
    assert oauth.accounts.checks == 0
