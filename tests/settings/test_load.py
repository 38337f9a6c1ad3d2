from pathlib import Path
from typing import Any

import attrs
import pytest

from onecgw.errors import ConfigError
from onecgw.settings import (
    DatabaseSettings,
    McpSettings,
    OauthSettings,
    OnecAuthSettings,
    OnecSettings,
    Secret,
    Settings,
)
from onecgw.settings.load import load_settings
from tests.builders.settings_text import ENOUGH, TOKEN, load, problems, without

MINIMAL = Settings(
    onec=OnecSettings(
        base_url="http://1c.example.org/trade/hs", auth=OnecAuthSettings(username="gateway")
    ),
    mcp=McpSettings(bearer_token=Secret(TOKEN)),
    oauth=OauthSettings(enabled=False),
)


def minimal(folder: Path) -> Settings:
    """MINIMAL as it is read from a file in a folder, at which relative paths start."""
    return attrs.evolve(MINIMAL, database=DatabaseSettings(path=folder / "data" / "onecgw.db"))


@pytest.mark.parametrize(
    "text",
    ["", "# nothing\n", "onec:\n", "---\nonec: {auth: }\n...\n", "onec:\r\n  auth: {}\r\n"],
)
def test_what_is_not_written_has_its_default(tmp_path: Path, text: str) -> None:
    assert load(tmp_path, text) == minimal(tmp_path)


def test_a_file_alone_is_enough_with_or_without_a_byte_order_mark(tmp_path: Path) -> None:
    text = f"""\
onec:
  base_url: http://1c.example.org/trade/hs/
  auth:
    username: gateway
mcp:
  bearer_token: {TOKEN}
oauth:
  enabled: false
"""
    assert load(tmp_path, text, {}) == minimal(tmp_path)
    assert load(tmp_path, "\ufeff" + text, {}) == minimal(tmp_path)


@pytest.mark.parametrize(("folder", "base"), [(".", "."), ("config", "."), ("etc", "etc")])
def test_relative_paths_start_at_the_settings_file_and_not_where_a_command_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str, base: str
) -> None:
    (tmp_path / folder).mkdir(exist_ok=True)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / base / "ca.pem").write_bytes(b"")
    text = "database: {path: data/books.db}\nonec: {ca_file: ca.pem}\n"
    (tmp_path / folder / "onecgw.yml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path / "elsewhere")

    settings = load_settings(Path("..") / folder / "onecgw.yml", ENOUGH)

    assert settings.database.path.resolve() == tmp_path / base / "data" / "books.db"
    assert settings.secrets_path.resolve() == tmp_path / base / "data" / "books.secrets"
    assert settings.onec.ca_file is not None
    assert settings.onec.ca_file.samefile(tmp_path / base / "ca.pem")


def test_without_a_file_relative_paths_start_at_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    assert load_settings(None, ENOUGH).database.path == tmp_path / "data" / "onecgw.db"


def test_all_problems_are_reported_at_once(tmp_path: Path) -> None:
    text = """\
onec:
  base_ur: http://1c.example.org
  timeout_ms: fast
  timeout_ms: 9000
log: loud
limits:
  max_rows: 0
onec.auth: {}
"""
    environment = {"ONECGW_SERVER__PORT": "99999", "ONECGW_ONEC__BASEURL": "x"}
    assert problems(tmp_path, text, environment) == [
        "config.yml:2:3 onec.base_ur: not a setting; did you mean onec.base_url?",
        "config.yml:4:3 onec.timeout_ms: given twice; it stands in line 3 too",
        "config.yml:5:6 log: a section is expected, with its settings indented below",
        "config.yml:8:1 onec.auth: a name without dots is expected, indented in its section",
        "ONECGW_ONEC__BASEURL: not a setting; did you mean ONECGW_ONEC__BASE_URL?",
        'ONECGW_SERVER__PORT server.port = "99999": an integer from 0 to 65535 is expected',
        (
            "config.yml onec.base_url: missing;"
            " a URL such as https://1c.example.org/trade/hs is expected"
        ),
        'config.yml:3:3 onec.timeout_ms = "fast": an integer from 100 to 600000 is expected',
        'config.yml:7:3 limits.max_rows = "0": an integer from 1 to 100000 is expected',
        (
            "config.yml oauth.public_url: missing; the origin under which clients reach the gateway"
            " is expected (or oauth.enabled: false and mcp.bearer_token)"
        ),
        (
            "config.yml onec.auth.username: missing;"
            " onec.auth.type: basic needs the login of a 1C user"
        ),
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("- onec", "config.yml:1:1: sections such as `onec:` are expected"),
        ("onec", "config.yml:1:1: sections such as `onec:` are expected"),
        ("? [a]\n: b", "config.yml:1:3: not a setting"),
        ("mpc: {}", "config.yml:1:1 mpc: not a setting; did you mean mcp?"),
        ("baseUrl: x", "config.yml:1:1 baseUrl: not a setting; did you mean onec.base_url?"),
        ("zzz: x", "config.yml:1:1 zzz: not a setting"),
        (
            "onec:\n\ttimeout_ms: 100",
            "config.yml:2:1: not YAML: a tab character; spaces are expected",
        ),
        (
            "onec:\n  auth:\n    \ttype: none",
            "config.yml:3:5: not YAML: a tab character; spaces are expected",
        ),
        ("log:\tlevel", "config.yml:1:5: not YAML: a tab character; spaces are expected"),
        ("hunter2: x", "config.yml:1:1: not a setting"),
        ("log: {}\nlog: {}", "config.yml:2:1 log: given twice; it stands in line 1 too"),
        (
            "onec: {timeout_ms: {a: b}}",
            "config.yml:1:8 onec.timeout_ms: a plain value is expected, not a structure",
        ),
        (
            "mcp: {scopes: [[mcp:resolve]]}",
            "config.yml:1:7 mcp.scopes: a plain value is expected, not a structure",
        ),
        (
            "onec: {timeout_ms: [100]}",
            'config.yml:1:8 onec.timeout_ms = "100": an integer from 100 to 600000 is expected',
        ),
        (
            "server: {allowed_origins: https://a.example.org}",
            (
                'config.yml:1:10 server.allowed_origins = "https://a.example.org":'
                " a list, each item an origin without path or trailing slash such as https://app.example.org"
                " is expected"
            ),
        ),
    ],
)
def test_a_wrong_structure_is_refused_at_its_place(tmp_path: Path, text: str, problem: str) -> None:
    assert problems(tmp_path, text) == [problem]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a: b: c", "config.yml:1:5: not YAML"),
        ("onec: [", "config.yml:1:8: not YAML"),
        ("onec:\n\tbase_url: x", "config.yml:2:1: not YAML"),
        ("onec: 'x", "config.yml:1:9: not YAML"),
        ("mcp:\n  bearer_token: @x", "config.yml:2:17: not YAML"),
        ("a: 1\n---\nb: 2", "config.yml:2:1: not YAML"),
        ("log:\n  level: \x07", "config.yml:2: a character that YAML forbids"),
        ('log: "\\UFFFFFFFF"', "config.yml: not YAML"),
        (f"%YAML 1.{'9' * 5000}\n---\n", "config.yml: not YAML"),
        ("onec: &a {}\nlog: *a", "config.yml:1:7: anchors and aliases (& and *)"),
        ("onec: *a", "config.yml:1:7: anchors and aliases (& and *)"),
        ("onec: !!map {}", "config.yml:1:7: tags (!)"),
        ("onec: !x {}", "config.yml:1:7: tags (!)"),
        ("[" * 2000, "config.yml:1:17: nested too deeply"),
        ("log: {level: \ud800}", "config.yml: not UTF-8 text"),
    ],
)
def test_what_is_not_plain_yaml_is_refused_with_its_line(
    tmp_path: Path, text: str, place: str
) -> None:
    (line,) = problems(tmp_path, text)
    assert line.startswith(place)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(tmp_path, {})
    assert str(caught.value).startswith(f"{tmp_path}: cannot be read: ")


def test_a_missing_credential_or_surface_is_named(tmp_path: Path) -> None:
    assert problems(tmp_path, "onec: {auth: {type: bearer}}") == [
        "config.yml onec.auth.token: missing; onec.auth.type: bearer needs a token"
    ]
    assert problems(tmp_path, "mcp: {enabled: false}") == [
        (
            "ONECGW_MCP__BEARER_TOKEN mcp.bearer_token: nothing to serve:"
            " set mcp.bearer_token (and mcp.enabled: true) or api.bearer_token"
        )
    ]
    assert problems(tmp_path, "mcp:\n  bearer_token:\n", without("mcp.bearer_token")) == [
        (
            "config.yml:2:3 mcp.bearer_token: nothing to serve:"
            " set mcp.bearer_token (and mcp.enabled: true) or api.bearer_token"
        )
    ]


def test_rest_alone_is_enough_to_serve(tmp_path: Path) -> None:
    text = "api: {bearer_token: a-token-of-rest-callers}"
    settings = load(tmp_path, text, without("mcp.bearer_token"))
    assert settings.api.bearer_token == Secret("a-token-of-rest-callers")


def test_settings_that_contradict_each_other_are_refused(tmp_path: Path) -> None:
    text = f"""\
server: {{shutdown_grace_s: 45}}
onec: {{report_timeout_ms: 45000}}
limits: {{default_rows: 11, max_rows: 10}}
api: {{bearer_token: {TOKEN}}}
"""
    assert problems(tmp_path, text) == [
        "config.yml:3:10 limits.default_rows: at most limits.max_rows (10) is expected",
        (
            "config.yml:1:10 server.shutdown_grace_s: more than the longest deadline (45000 ms)"
            " is expected: a stop waits for running calls"
        ),
        (
            "config.yml:4:7 api.bearer_token: another token than mcp.bearer_token is expected:"
            " their scopes differ"
        ),
    ]


def test_a_contradiction_with_a_refused_value_is_not_reported(tmp_path: Path) -> None:
    text = "limits: {default_rows: 6000, max_rows: many}"
    assert problems(tmp_path, text) == [
        'config.yml:1:30 limits.max_rows = "many": an integer from 1 to 100000 is expected'
    ]


def test_a_stop_waits_longer_than_the_longest_deadline() -> None:
    def grace(onec: OnecSettings) -> int:
        return Settings(onec=onec).shutdown_grace_seconds

    assert grace(OnecSettings(base_url="http://x")) == 55
    assert grace(OnecSettings(base_url="http://x", report_timeout_ms=45_001)) == 56
    assert grace(OnecSettings(base_url="http://x", report_timeout_ms=100)) == 18


def test_deadlines_depend_on_what_answers_in_1c_unless_they_are_set() -> None:
    def deadlines(**values: Any) -> tuple[int, int]:
        onec = OnecSettings(base_url="http://x", **values)
        return onec.resolver_deadline_ms, onec.report_deadline_ms

    assert deadlines() == (8000, 45_000)
    assert deadlines(timeout_ms=60_000) == (60_000, 60_000)
    assert deadlines(report_timeout_ms=9) == (8000, 9)
    assert deadlines(backend="odata") == (180_000, 180_000)
    assert deadlines(backend="odata", report_timeout_ms=90_000) == (90_000, 90_000)


def odata(base_url: str, **more: str) -> dict[str, str]:
    return {
        **ENOUGH,
        "ONECGW_ONEC__BASE_URL": base_url,
        "ONECGW_ONEC__BACKEND": "odata",
        **more,
    }


@pytest.mark.parametrize(
    "ending", ["/hs", "/odata/standard.odata/", "/odata/standard.odata/$metadata"]
)
def test_odata_wants_the_address_of_the_publication(ending: str, tmp_path: Path) -> None:
    (found,) = problems(tmp_path, "", odata(f"http://1c.test/hs/trade{ending}"))
    assert found == (
        "ONECGW_ONEC__BASE_URL onec.base_url: the publication is expected with onec.backend: odata:"
        " write http://1c.test/hs/trade"
    )
    load(tmp_path, "", odata("http://1c.test/hs/trade"))


def test_http_service_refuses_the_address_of_odata(tmp_path: Path) -> None:
    environment = odata("http://1c.test/trade/odata/standard.odata")
    (found,) = problems(tmp_path, "", environment | {"ONECGW_ONEC__BACKEND": "http_service"})
    assert found == (
        "ONECGW_ONEC__BASE_URL onec.base_url: the address of OData; set onec.backend: odata, or"
        " give the address of /hs"
    )


def test_a_stock_1c_cannot_verify_keys(tmp_path: Path) -> None:
    login = {"ONECGW_OAUTH__ENABLED": "true", "ONECGW_OAUTH__PUBLIC_URL": "https://mcp.example.org"}
    (found,) = problems(tmp_path, "", odata("http://1c.test/trade", **login))
    assert found.endswith(
        "oauth.keys: local is expected with onec.backend: odata: a stock 1C cannot verify keys"
        " (make them with `onecgw keys`)"
    )
