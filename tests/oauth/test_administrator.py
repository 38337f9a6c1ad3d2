"""What an administrator does on the command line while the gateway runs."""

import contextlib
import json
import sqlite3
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trio
from click.testing import CliRunner

from onecgw.cli import main
from tests.builders.oauth_rig import ISSUER, OWNER_KEY, hidden, open_oauth

pytestmark = pytest.mark.usefixtures("log_is_given_back")

CONFIG = """\
onec: {base_url: http://1c.example.org/hs, auth: {username: gateway}}
oauth: {public_url: "%s", keys: local}
database: {path: "%s"}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "onecgw.yml"
    path.write_text(CONFIG % (ISSUER, tmp_path / "onecgw.db"), encoding="utf-8")
    return path


def run(config: Path, *arguments: str) -> str:
    """What a verb prints on stdout."""
    verbs = 1 if arguments[0] == "audit" else 2
    command = [*arguments[:verbs], "--config", str(config), *arguments[verbs:]]
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 0, result.output
    return result.stdout


async def test_a_local_key_logs_in_until_it_is_revoked(tmp_path: Path, config: Path) -> None:
    key = run(config, "keys", "add", "--name", "Olena", "--scopes", "mcp:resolve").strip()
    async with open_oauth(tmp_path, keys="local") as oauth:
        login = await oauth.login(key)
        before = await oauth.rpc(login.access, "tools/list")
        listed = json.loads(run(config, "keys", "list", "--json"))
        run(config, "keys", "revoke", listed["id"])
        after = await oauth.rpc(login.access, "tools/list")
        client_id = (await oauth.register())["client_id"]
        again = await oauth.open_consent(client_id, key)

    assert key.startswith("ocg_key_")
    assert listed["name"] == "Olena"
    assert listed["scopes"] == ["mcp:resolve"]
    assert key not in json.dumps(listed)
    assert before.status_code == 200
    assert after.status_code == 401
    assert again.status_code == 403


def test_a_table_says_that_its_moments_are_in_utc(config: Path) -> None:
    run(config, "keys", "add", "--name", "Olena", "--scopes", "mcp:resolve", "--expires", "30d")
    made = datetime.fromtimestamp(
        json.loads(run(config, "keys", "list", "--json"))["created_at"], UTC
    )
    (_, row) = run(config, "keys", "list").splitlines()
    assert f"  {made:%Y-%m-%d %H:%M}Z  {made + timedelta(days=30):%Y-%m-%d %H:%M}Z  Olena" in row


async def test_a_key_that_has_expired_opens_nothing(tmp_path: Path, config: Path) -> None:
    added = ("--name", "Guest", "--scopes", "mcp:resolve", "--expires", "1h")
    key = run(config, "keys", "add", *added).strip()
    async with open_oauth(tmp_path, keys="local") as oauth:
        # The command line takes the real clock; the gateway's is set beyond it.
        oauth.clock.seconds = oauth.rows("keys")[0]["created_at"] + 3600
        client_id = (await oauth.register())["client_id"]
        response = await oauth.open_consent(client_id, key)

    assert response.status_code == 403


@pytest.mark.parametrize(
    "selector",
    [["--sub", "owner"], ["--client", "Test client"], ["--all"], ["--grant", "GRANT"]],
    ids=lambda selector: selector[0],
)
async def test_a_revoked_login_ends_at_once(
    tmp_path: Path, config: Path, selector: list[str]
) -> None:
    async with open_oauth(tmp_path) as oauth:
        login = await oauth.login()
        (line,) = [
            json.loads(text) for text in run(config, "grants", "list", "--json").splitlines()
        ]
        options = [part.replace("GRANT", line["id"]) for part in selector]
        said = run(config, "grants", "revoke", *options)
        call = await oauth.rpc(login.access, "tools/list")
        refreshed = await oauth.refresh(login)
        (grant,) = oauth.rows("grants")
        tokens = oauth.rows("tokens")

    assert said == "Logins ended: 1.\n"
    assert (line["sub"], line["client_name"]) == ("owner", "Test client")
    assert call.status_code == 401
    assert refreshed.status_code == 400
    assert refreshed.json()["error"] == "invalid_grant"
    assert tokens == []
    assert grant["key_box"] == b""


async def test_a_denied_client_is_not_known_any_more(tmp_path: Path, config: Path) -> None:
    async with open_oauth(tmp_path) as oauth:
        login = await oauth.login()
        run(config, "grants", "revoke", "--client", login.client_id, "--deny")
        page = await oauth.open_page(login.client_id)
        refreshed = await oauth.refresh(login)

    assert page.status_code == 400
    assert refreshed.status_code == 401
    assert refreshed.json()["error"] == "invalid_client"


async def test_who_looked_at_what_is_one_command(tmp_path: Path, config: Path) -> None:
    async with open_oauth(tmp_path) as oauth:
        login = await oauth.login()
        await oauth.call_tool(login.access)
        await oauth.flush_audit()

    calls = [
        json.loads(line) for line in run(config, "audit", "--event", "call", "--json").splitlines()
    ]
    (call,) = calls
    assert {name: call[name] for name in ("sub", "client", "tool", "code")} == {
        "sub": "owner",
        "client": "Test client",
        "tool": "sales_report",
        "code": "ok",
    }
    kinds = run(config, "audit", "--event", "key.", "--sub", "owner")
    assert "  owner  Name of owner  key.ok  Test client" in kinds
    assert run(config, "audit", "--sub", "nobody") == ""
    assert run(config, "audit", "--since", "today") != ""
    assert OWNER_KEY not in run(config, "audit")


def test_keys_of_1c_are_not_made_here(tmp_path: Path) -> None:
    config = tmp_path / "onecgw.yml"
    text = CONFIG.replace(", keys: local", "") % (ISSUER, tmp_path / "onecgw.db")
    config.write_text(text, encoding="utf-8")
    result = CliRunner().invoke(
        main,
        ["keys", "add", "--config", str(config), "--name", "A", "--scopes", "mcp:resolve"],
    )
    assert result.exit_code == 2
    assert "oauth.keys is onec" in result.output


@pytest.mark.parametrize("stage", ["consent", "code"])
@pytest.mark.parametrize("verb", ["key", "--sub", "--all", "--client", "--deny"])
async def test_what_is_revoked_ends_a_login_that_has_only_begun(
    tmp_path: Path, config: Path, stage: str, verb: str
) -> None:
    key = run(config, "keys", "add", "--name", "Olena", "--scopes", "mcp:resolve").strip()
    (line,) = run(config, "keys", "list", "--json").splitlines()
    key_id, sub = json.loads(line)["id"], json.loads(line)["sub"]
    async with open_oauth(tmp_path, keys="local") as oauth:
        # The command line takes the real clock.
        oauth.clock.seconds = oauth.rows("keys")[0]["created_at"]
        client_id = (await oauth.register())["client_id"]
        arguments = {
            "key": ("keys", "revoke", key_id),
            "--sub": ("grants", "revoke", "--sub", sub),
            "--all": ("grants", "revoke", "--all"),
            "--client": ("grants", "revoke", "--client", "Test client"),
            "--deny": ("grants", "revoke", "--client", client_id, "--deny"),
        }[verb]
        if stage == "consent":
            consent = await oauth.open_consent(client_id, key)
            run(config, *arguments)
            form = {"transaction": hidden(consent, "transaction"), "answer": "allow"}
            answer = await oauth.post_form(form | {"scope": "mcp:resolve"})
        else:
            code = (await oauth.fetch_code(client_id, key))["code"]
            run(config, *arguments)
            answer = await oauth.redeem(client_id, code)
        tokens, waiting = oauth.rows("tokens"), oauth.rows("transactions")
    assert answer.status_code in (400, 401)
    assert (tokens, waiting) == ([], [])


@pytest.mark.parametrize(
    "name", ["", "   ", "Ole\nna", "Olena\x1b[2J", "Olena\u202eanelO", "Ole\u2028na", "x" * 81]
)
def test_a_key_without_a_good_name_is_refused_with_what_a_name_is(config: Path, name: str) -> None:
    added = ["--name", name, "--scopes", "mcp:resolve"]
    result = CliRunner().invoke(main, ["keys", "add", "--config", str(config), *added])
    printed = " ".join(result.output.split())
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Invalid value for --name: a name of 1 to 80 characters without control" in printed
    assert not (config.parent / "onecgw.db").exists()


def test_a_name_is_kept_as_it_is_written_without_blanks_around_it(config: Path) -> None:
    run(config, "keys", "add", "--name", " Олена, продажі ", "--scopes", "mcp:resolve")
    assert json.loads(run(config, "keys", "list", "--json"))["name"] == "Олена, продажі"


@pytest.mark.parametrize("selector", ["--sub", "--client", "--grant"])
@pytest.mark.parametrize("deny", [(), ("--deny",)])
def test_a_login_that_does_not_exist_is_reported(
    config: Path, selector: str, deny: tuple[str, ...]
) -> None:
    run(config, "keys", "add", "--name", "Olena", "--scopes", "mcp:resolve")
    command = ["grants", "revoke", "--config", str(config), selector, "nobody", *deny]
    result = CliRunner().invoke(main, command)
    if deny and selector != "--client":
        assert (result.exit_code, "--deny goes with --client" in result.output) == (2, True)
    else:
        assert (result.exit_code, "no login fits" in result.output) == (1, True)
    assert run(config, "grants", "denied", "--json") == ""


def test_a_denied_client_is_listed_and_can_be_let_in_again(tmp_path: Path, config: Path) -> None:
    printed: dict[str, str] = {}

    async def deny_and_allow() -> tuple[list[int], dict[str, Any]]:
        async with open_oauth(tmp_path) as oauth:
            await oauth.login()  # of another client by the same name
            login = await oauth.login()
            began = (await oauth.register())["client_id"]
            consent = await oauth.open_consent(began)
            printed["deny"] = run(config, "grants", "revoke", "--client", "Test client", "--deny")
            printed["table"] = run(config, "grants", "denied")
            denied = list(map(json.loads, run(config, "grants", "denied", "--json").splitlines()))
            ids = {login.client_id, began} | {row["client_id"] for row in oauth.rows("grants")}
            assert {row["client_id"] for row in denied} == ids
            assert len(denied) == 3
            pages = [await oauth.open_page(client_id) for client_id in (began, login.client_id)]
            form = {"transaction": hidden(consent, "transaction"), "answer": "allow"}
            pages.append(await oauth.post_form(form | {"scope": "mcp:resolve"}))
            printed["one"] = run(config, "grants", "allow", "--client", began)
            pages += [await oauth.open_page(client_id) for client_id in (began, login.client_id)]
            printed["rest"] = run(config, "grants", "allow", "--client", "Test client")
            pages.append(await oauth.open_page(login.client_id))
            pages.append(await oauth.rpc(login.access, "tools/list"))
        return [page.status_code for page in pages], denied[0]

    statuses, row = trio.run(deny_and_allow)
    assert (
        printed["deny"] == "Logins ended: 2.\nclient_ids denied: 3; see `onecgw grants denied`.\n"
    )
    assert printed["table"].splitlines()[0].split() == ["DENIED", "CLIENT", "CLIENT_ID"]
    assert row["name"] == "Test client"
    assert printed["one"] == "client_ids let in again: 1.\n"
    assert printed["rest"] == "client_ids let in again: 2.\n"
    # Two are denied, the consent is over; one is let in, then both; the login stays over.
    assert statuses == [400, 400, 400, 200, 400, 200, 401]
    audit = [json.loads(line) for line in run(config, "audit", "--json").splitlines()]
    assert Counter(event["event"] for event in audit) == {
        "grant.revoked": 2,
        "consent.denied": 1,
        "client.denied": 3,
        "client.allowed": 3,
    }
    assert {event["client"] for event in audit} == {"Test client"}


async def test_a_page_without_a_key_gives_a_denied_client_nothing(
    tmp_path: Path, config: Path
) -> None:
    async with open_oauth(tmp_path) as oauth:
        client_id = (await oauth.register())["client_id"]
        page = await oauth.open_page(client_id)
        run(config, "grants", "revoke", "--client", client_id, "--deny")
        form = {"request": hidden(page, "request"), "key": OWNER_KEY}
        answer = await oauth.post_form(form)
        if answer.status_code == 200:  # nothing is given away yet
            form = {"transaction": hidden(answer, "transaction"), "answer": "allow"}
            answer = await oauth.post_form(form | {"scope": "mcp:resolve"})
        kept = oauth.state()
    assert answer.status_code == 400
    assert "location" not in answer.headers
    assert (kept["grants"], kept["codes"], kept["transactions"]) == ([], [], [])


def test_a_client_that_is_not_denied_cannot_be_let_in_again(config: Path) -> None:
    run(config, "keys", "add", "--name", "Olena", "--scopes", "mcp:resolve")
    command = ["grants", "allow", "--config", str(config), "--client", "Claude"]
    result = CliRunner().invoke(main, command)
    assert (result.exit_code, "Claude is not denied" in result.output) == (1, True)


def test_a_client_can_be_denied_by_its_id_before_it_has_a_login(config: Path) -> None:
    run(config, "keys", "add", "--name", "Olena", "--scopes", "mcp:resolve")
    url = "https://client.example.org/mcp.json"
    said = run(config, "grants", "revoke", "--client", url, "--deny")
    assert "client_ids denied: 1" in said
    assert json.loads(run(config, "grants", "denied", "--json"))["client_id"] == url


def test_the_audit_names_every_login_that_ended_with_a_key(tmp_path: Path, config: Path) -> None:
    key = run(config, "keys", "add", "--name", "Olena", "--scopes", "mcp:resolve").strip()

    async def log_in() -> list[str]:
        async with open_oauth(tmp_path, keys="local") as oauth:
            oauth.clock.seconds = oauth.rows("keys")[0]["created_at"]
            for _ in range(2):
                await oauth.login(key, ("mcp:resolve",))
            return [row["id"] for row in oauth.rows("grants")]

    grants = trio.run(log_in)
    sub = json.loads(run(config, "keys", "list", "--json"))["sub"]
    run(config, "keys", "revoke", sub.removeprefix("key-"))
    run(config, "keys", "revoke", sub.removeprefix("key-"))  # nothing ends twice
    audit = [json.loads(line) for line in run(config, "audit", "--json").splitlines()]
    printed = [(event["event"], event["sub"], event["client"], event["grant"]) for event in audit]
    assert printed[0][:2] == ("key.added", sub)
    assert printed[1] == printed[-1] == ("key.revoked", sub, "", "")
    assert sorted(printed[2:-1]) == sorted(
        ("grant.revoked", sub, "Test client", grant) for grant in grants
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("audit",),
        ("audit", "--follow"),
        ("keys", "list"),
        ("keys", "revoke", "1f2e3d4c"),
        ("grants", "list"),
        ("grants", "denied"),
        ("grants", "allow", "--client", "Claude"),
        ("grants", "revoke", "--all"),
    ],
    ids=" ".join,
)
def test_a_missing_database_is_reported_and_not_created(
    tmp_path: Path, config: Path, arguments: tuple[str, ...]
) -> None:
    before = sorted(tmp_path.rglob("*"))
    verbs = 1 if arguments[0] == "audit" else 2
    command = [*arguments[:verbs], "--config", str(config), *arguments[verbs:]]
    result = CliRunner().invoke(main, command)
    printed = " ".join(result.output.split())
    assert result.exit_code == 2
    assert f"database.path: there is no {tmp_path / 'onecgw.db'}" in printed
    assert "give --config the settings that it runs with" in printed
    assert sorted(tmp_path.rglob("*")) == before


def test_the_first_key_makes_the_database_and_says_so(tmp_path: Path, config: Path) -> None:
    added = ["--name", "Olena", "--scopes", "mcp:resolve"]
    results = [
        CliRunner().invoke(main, ["keys", "add", "--config", str(config), *added]) for _ in "ab"
    ]
    said = f"Made the database {tmp_path / 'onecgw.db'}."
    assert [said in result.stderr for result in results] == [True, False]


def test_a_full_disk_is_reported_and_the_log_has_nothing_false(
    tmp_path: Path, config: Path
) -> None:
    added = ["keys", "add", "--config", str(config), "--name", "Olena", "--scopes", "mcp:resolve"]
    CliRunner().invoke(main, added)
    with contextlib.closing(sqlite3.connect(tmp_path / "onecgw.db")) as db:
        full = "RAISE(ABORT, 'database or disk is full')"
        db.execute(f"CREATE TRIGGER full AFTER INSERT ON audit BEGIN SELECT {full}; END")
    key_id = json.loads(run(config, "keys", "list", "--json"))["id"]
    for command in (added, ["keys", "revoke", "--config", str(config), key_id]):
        result = CliRunner().invoke(main, command)
        assert result.exit_code == 1
        assert isinstance(result.exception, SystemExit)  # no traceback
        printed = result.output.splitlines()[-1]
        assert printed.startswith(
            f"Error: nothing was changed: {tmp_path / 'onecgw.db'} cannot be used: database or"
            " disk is full."
        )
        assert "onecgw.storage.audit_log" not in result.output
    listed = [json.loads(line) for line in run(config, "keys", "list", "--json").splitlines()]
    assert [(key["id"], key["revoked_at"]) for key in listed] == [(key_id, None)]


def test_no_new_secrets_are_made_beside_old_keys(tmp_path: Path, config: Path) -> None:
    added = ["keys", "add", "--config", str(config), "--name", "Olena", "--scopes", "mcp:resolve"]
    CliRunner().invoke(main, added)
    before = run(config, "keys", "list")
    (tmp_path / "onecgw.secrets").unlink()
    result = CliRunner().invoke(main, added)
    assert result.exit_code == 2
    assert f"there is no {tmp_path / 'onecgw.secrets'}. Restore it" in result.output
    assert not (tmp_path / "onecgw.secrets").exists()
    assert run(config, "keys", "list") == before


async def test_logins_are_not_ended_without_the_secrets_file(tmp_path: Path, config: Path) -> None:
    async with open_oauth(tmp_path) as oauth:
        await oauth.login()
        (tmp_path / "onecgw.secrets").unlink()
        result = CliRunner().invoke(main, ["grants", "revoke", "--config", str(config), "--all"])
    assert result.exit_code == 2
    assert "oauth.secrets_path" in result.output
    assert not (tmp_path / "onecgw.secrets").exists()


async def test_the_audit_names_the_person(tmp_path: Path, config: Path) -> None:
    key = run(config, "keys", "add", "--name", "Olena, sales", "--scopes", "mcp:resolve").strip()
    async with open_oauth(tmp_path, keys="local") as oauth:
        oauth.clock.seconds = oauth.rows("keys")[0]["created_at"]
        await oauth.login(key, ("mcp:resolve",))
        await oauth.flush_audit()
    sub = json.loads(run(config, "keys", "list", "--json"))["sub"]
    lines = run(config, "audit", "--event", "consent.allowed").splitlines()
    (record,) = map(json.loads, run(config, "audit", "--event", "key.ok", "--json").splitlines())
    assert [f'  {sub}  "Olena, sales"  consent.allowed  Test client  ' in one for one in lines] == [
        True
    ]
    assert (record["sub"], record["name"]) == (sub, "Olena, sales")


async def test_the_audit_names_an_account_of_1c(tmp_path: Path, config: Path) -> None:
    async with open_oauth(tmp_path) as oauth:
        await oauth.login()
        await oauth.flush_audit()
    assert "  owner  Name of owner  token.issued  Test client  " in run(config, "audit")


async def test_a_name_in_1c_cannot_steer_the_terminal(tmp_path: Path, config: Path) -> None:
    async with open_oauth(tmp_path) as oauth:
        oauth.accounts.subs[OWNER_KEY] = "own\x1b[2Jer\x9b1m\u202e"
        login = await oauth.login()
        await oauth.call_tool(login.access)
        await oauth.flush_audit()
    said = run(config, "grants", "list", "--all") + run(config, "audit")
    assert "own" in said
    assert {sign for sign in said if not sign.isprintable()} == {"\n"}


async def test_a_name_cannot_forge_a_line_of_the_audit(tmp_path: Path, config: Path) -> None:
    async with open_oauth(tmp_path) as oauth:
        await oauth.register(client_name="x  call  Claude  code=ok")
        await oauth.flush_audit()
        (event,) = oauth.events
    (line,) = run(config, "audit").splitlines()
    assert '"x call Claude code=ok"' in line
    assert f"request_id={event.request_id}" in line


def test_a_check_without_a_key_says_where_it_is_expected(config: Path) -> None:
    result = CliRunner().invoke(main, ["check", "--oauth", "--config", str(config)], input="\n")
    assert result.exit_code == 1
    assert result.output == "Error: no key on stdin; as in: onecgw check --oauth < key.txt\n"
