"""`onecgw check --oauth` against a gateway on a socket: all is well, or what is not."""

import json
from functools import partial
from pathlib import Path

import pytest
import trio

from onecgw.check import Step
from onecgw.cli import oauth_check
from onecgw.cli.oauth_check import check_oauth
from tests.oauth.rig import OWNER_KEY, OauthRig
from tests.web.test_oauth_sdk import find_port, serving

TEST_SECONDS = 30


async def check(issuer: str, key: str) -> tuple[bool, list[Step]]:
    steps: list[Step] = []
    is_well = await trio.to_thread.run_sync(partial(check_oauth, issuer, key, steps.append))
    return is_well, steps


def summary(steps: list[Step]) -> list[tuple[str, bool]]:
    return [(step.name, step.ok) for step in steps]


async def test_every_step_of_a_client_is_walked_and_the_login_is_ended(tmp_path: Path) -> None:
    with trio.fail_after(TEST_SECONDS):
        async with serving(tmp_path, find_port()) as oauth:
            is_well, steps = await check(oauth.realm.issuer, OWNER_KEY)
            grants, tokens = oauth.rows("grants"), oauth.rows("tokens")
    assert is_well, steps
    assert [step.name for step in steps] == [
        "challenge",
        "resource metadata",
        "server metadata",
        "registration",
        "key page",
        "key",
        "consent",
        "token",
        "tools/list",
        "refresh",
        "revocation",
    ]
    assert tokens == []
    assert [grant["revoked_why"] for grant in grants] == ["revoked by the client"]
    assert OWNER_KEY not in str(steps)


async def _wrong_key(oauth: OauthRig) -> tuple[str, str]:
    return oauth.realm.issuer, "not-a-key"


async def _onec_down(oauth: OauthRig) -> tuple[str, str]:
    oauth.accounts.is_down = True
    return oauth.realm.issuer, OWNER_KEY


async def _no_scopes(oauth: OauthRig) -> tuple[str, str]:
    oauth.accounts.scopes[OWNER_KEY] = ("mcp:report:money",)
    return oauth.realm.issuer, OWNER_KEY


async def _other_name(oauth: OauthRig) -> tuple[str, str]:
    return oauth.realm.issuer.replace("127.0.0.1", "localhost"), OWNER_KEY


@pytest.mark.parametrize(
    ("prepare", "failed", "words"),
    [
        (_wrong_key, "key", "the key is not valid"),
        (_onec_down, "key", "1C does not answer"),
        (_no_scopes, "consent", "may see nothing"),
        (_other_name, "resource metadata", "oauth.public_url"),
    ],
)
async def test_the_step_that_fails_is_named_with_what_to_do(
    tmp_path: Path, prepare: object, failed: str, words: str
) -> None:
    assert callable(prepare)
    with trio.fail_after(TEST_SECONDS):
        async with serving(tmp_path, find_port()) as oauth:
            is_well, steps = await check(*await prepare(oauth))
    assert not is_well
    assert (steps[-1].name, steps[-1].ok) == (failed, False)
    assert words in f"{steps[-1].detail} {steps[-1].advice}"


async def test_a_gateway_that_does_not_run_is_told(tmp_path: Path) -> None:
    with trio.fail_after(TEST_SECONDS):
        is_well, steps = await check(f"http://127.0.0.1:{find_port()}", OWNER_KEY)
    assert (is_well, summary(steps)) == (False, [("challenge", False)])
    assert "does the gateway run" in steps[0].advice


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({}, "registration_endpoint is missing"),
        ({"registration_endpoint": "https://evil.example/register"}, "is not an address of"),
    ],
)
def test_the_key_goes_to_nobody_but_the_issuer(
    monkeypatch: pytest.MonkeyPatch, document: dict[str, str], words: str
) -> None:
    issuer, steps = "https://mcp.example.org", list[Step]()
    challenge = {"www-authenticate": f'Bearer resource_metadata="{issuer}/r"'}
    answers = {
        f"{issuer}/tools": (401, challenge, {}),
        f"{issuer}/r": (
            200,
            {},
            {"resource": f"{issuer}/tools", "authorization_servers": [issuer]},
        ),
        f"{issuer}/.well-known/oauth-authorization-server": (
            200,
            {},
            {"issuer": issuer} | document,
        ),
    }

    def ask(_self: object, _method: str, url: str, **_options: object) -> oauth_check._Answer:
        status, headers, body = answers[url]
        return oauth_check._Answer(status=status, headers=headers, body=json.dumps(body))  # noqa: SLF001 - a gateway that answers otherwise

    monkeypatch.setattr(oauth_check._Client, "_ask", ask)  # noqa: SLF001 - a gateway that answers otherwise
    assert not check_oauth(issuer, "secret-key", steps.append, resource=f"{issuer}/tools")
    assert steps[-1].name == "server metadata"
    assert words in steps[-1].detail


async def test_a_login_is_ended_after_a_failure_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_self: object) -> str:
        raise oauth_check._Failed("no", "try again")  # noqa: SLF001 - a gateway that answers otherwise

    monkeypatch.setattr(oauth_check._Client, "refresh", fail)  # noqa: SLF001 - a gateway that answers otherwise
    with trio.fail_after(TEST_SECONDS):
        async with serving(tmp_path, find_port()) as oauth:
            is_well, _ = await check(oauth.realm.issuer, OWNER_KEY)
            tokens = oauth.rows("tokens")
    assert (is_well, tokens) == (False, [])
