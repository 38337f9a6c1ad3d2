"""`onecgw init`, and the commands about the file that it writes."""

import json
import os
import stat
from pathlib import Path

import jsonschema
import pytest
import yaml

from onecgw.cli.init import DEFAULT_FILE
from onecgw.settings.conflicts import FOR_SERVER
from onecgw.settings.declaration import Secret
from onecgw.settings.json_schema import render_json_schema
from onecgw.settings.load import load_settings
from tests.builders.command_line import run, write_settings

PASSWORD = "п'ароль: #1"
ONEC = ("--base-url", "http://1c.example.org/trade/hs", "--username", "Шлюз 'gate' #1")

pytestmark = pytest.mark.usefixtures("log_is_given_back")


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CONFIG_PATH", raising=False)
    return tmp_path


def test_what_init_writes_is_a_complete_configuration(empty_folder: Path) -> None:
    done = run("init", *ONEC, "--password-stdin", stdin=f"{PASSWORD}\n")
    settings = load_settings(DEFAULT_FILE, {}, checks=FOR_SERVER)

    assert done.exit_code == 0, done.output
    assert settings.onec.base_url == "http://1c.example.org/trade/hs"
    assert settings.onec.auth.username == "Шлюз 'gate' #1"
    assert settings.onec.auth.password == Secret(PASSWORD)
    assert settings.mcp.bearer_token is not None
    assert settings.server.host == "127.0.0.1"
    assert settings.database.path == empty_folder / "data" / "onecgw.db"
    assert "onecgw check --offline " in done.output


def test_its_secrets_stand_apart_and_only_their_owner_reads_any_file() -> None:
    run("init", *ONEC, "--password-stdin", stdin=PASSWORD)
    written = sorted(DEFAULT_FILE.parent.iterdir())

    assert [path.name for path in written] == [
        "config.local.password",
        "config.local.token",
        "config.local.yml",
        "onecgw.schema.json",
    ]
    assert PASSWORD not in DEFAULT_FILE.read_text(encoding="utf-8")
    if os.name == "posix":
        assert {stat.S_IMODE(path.stat().st_mode) for path in written} == {0o600}


def test_with_a_public_address_people_log_in_and_there_is_no_token(empty_folder: Path) -> None:
    file = empty_folder / "etc" / "gateway.yml"
    done = run("init", file, *ONEC, "--public-url", "https://mcp.example.org")
    settings = load_settings(file, {}, checks=FOR_SERVER)

    assert done.exit_code == 0, done.output
    assert settings.oauth.enabled
    assert settings.issuer == "https://mcp.example.org"
    assert settings.mcp.bearer_token is None
    assert settings.database.path == file.parent / "data" / "onecgw.db"
    assert f'onecgw serve --config "{file}"' in done.output


def test_init_overwrites_nothing_unless_it_is_forced() -> None:
    run("init", *ONEC)
    before = DEFAULT_FILE.read_bytes()
    refused = run("init", "--base-url", "http://other.example.org", "--username", "x")
    kept = DEFAULT_FILE.read_bytes()
    forced = run("init", "--base-url", "http://other.example.org", "--username", "x", "--force")

    assert refused.exit_code == 1
    assert "exists already; nothing was written" in refused.stderr
    assert kept == before
    assert forced.exit_code == 0
    assert b"other.example.org" in DEFAULT_FILE.read_bytes()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), "--base-url is missing; a URL such as"),
        (("--base-url", "1c.example.org"), "a URL such as https://1c.example.org/trade/hs"),
        (("--base-url", "http://1c/hs/mcp"), "the gateway adds /mcp itself"),
        (("--base-url", "http://1c/hs"), "--username is missing"),
        ((*ONEC, "--public-url", "http://mcp.example.org"), "https://"),
    ],
)
def test_a_wrong_option_says_what_is_expected_and_nothing_is_written(
    arguments: tuple[str, ...], expected: str
) -> None:
    done = run("init", *arguments)

    assert done.exit_code == 2
    assert expected in done.stderr
    assert not DEFAULT_FILE.exists()


def test_the_schema_accepts_what_init_writes_and_what_is_shipped() -> None:
    run("init", *ONEC)
    shipped = Path(__file__).parents[2] / "config" / "config.yml"
    schema = json.loads(run("config", "schema").stdout)
    validator = jsonschema.Draft7Validator(schema)

    assert schema == json.loads((DEFAULT_FILE.parent / "onecgw.schema.json").read_text("utf-8"))
    assert DEFAULT_FILE.read_text(encoding="utf-8").startswith(
        "# yaml-language-server: $schema=onecgw.schema.json\n"
    )
    for path in (DEFAULT_FILE, shipped):
        validator.validate(yaml.safe_load(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "wrong",
    [
        {"onec": {"base_ur": "http://1c.example.org"}},
        {"server": {"port": 99_999}},
        {"log": {"level": "loud"}},
        {"mcp": {"scopes": ["mcp:everything"]}},
        {"onec": {"auth": {"password_file": 5}}},
    ],
)
def test_the_schema_refuses_what_the_gateway_refuses(wrong: object) -> None:
    assert not jsonschema.Draft7Validator(render_json_schema()).is_valid(wrong)


def test_every_setting_is_shown_with_its_source_and_no_secret(
    empty_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = write_settings(empty_folder, "http://1c.example.org/hs")
    monkeypatch.setenv("ONECGW_SERVER__PORT", "9000")

    done = run("config", "show", "--redacted", "--json", "--config", config)
    shown = {line["key"]: line for line in map(json.loads, done.stdout.splitlines())}

    assert shown["onec.base_url"] == {
        "key": "onec.base_url",
        "value": "http://1c.example.org/hs",
        "place": f"{config}:1:8",
    }
    assert shown["server.port"] == {
        "key": "server.port",
        "value": 9000,
        "place": "ONECGW_SERVER__PORT",
    }
    assert shown["log.level"]["place"] == "default"
    assert shown["onec.auth.password"]["value"] == shown["mcp.bearer_token"]["value"] == "***"
    assert shown["api.bearer_token"]["value"] is None
    assert "abcdefghijklmnop" not in run("config", "show", "--config", config).output


def test_a_secret_stands_in_the_settings_or_in_a_file_but_not_in_both(empty_folder: Path) -> None:
    (empty_folder / "token").write_text("a-token-in-a-file\n", encoding="utf-8")
    base = (
        "onec: {base_url: 'http://1c.example.org/hs', auth: {username: x}}\n"
        "oauth: {enabled: false}\n"
    )
    file = empty_folder / "onecgw.yml"

    file.write_text(base + "mcp: {bearer_token_file: token, bearer_token: }\n", encoding="utf-8")
    from_file = load_settings(file, {})
    file.write_text(base + "mcp: {bearer_token: abc, bearer_token_file: token}\n", encoding="utf-8")
    both = run("check", "--offline", "--config", file)
    file.write_text(base + "mcp: {bearer_token_file: nowhere}\n", encoding="utf-8")
    missing = run("check", "--offline", "--config", file)

    assert from_file.mcp.bearer_token == Secret("a-token-in-a-file")
    assert both.exit_code == missing.exit_code == 2
    assert "either mcp.bearer_token or mcp.bearer_token_file is expected, not both" in both.stderr
    assert f"{empty_folder / 'nowhere'} cannot be read" in missing.stderr


def test_careless_settings_are_warned_of_by_check_and_do_not_fail_it(empty_folder: Path) -> None:
    file = write_settings(empty_folder, "http://1c.example.org/hs")
    file.chmod(0o600)

    done = run("check", "--offline", "--quiet", "--config", file)
    as_json = run("check", "--offline", "--quiet", "--json", "--config", file)

    lines = [line.partition(":")[0] for line in done.stdout.splitlines() if "WARN" in line]
    assert done.exit_code == as_json.exit_code == 0, done.output
    assert {"WARN server.host", "WARN onec.base_url", "WARN mcp.bearer_token"} <= set(lines)
    assert {
        (step["ok"], step["is_warning"]) for step in map(json.loads, as_json.stdout.splitlines())
    } == {(True, True)}
