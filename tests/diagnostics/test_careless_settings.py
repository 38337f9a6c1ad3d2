import os
from pathlib import Path
from typing import Any

import attrs
import pytest

from onecgw.diagnostics.careless_settings import (
    Surroundings,
    find_careless_settings,
)
from onecgw.settings import (
    ApiSettings,
    DatabaseSettings,
    McpSettings,
    MetricsSettings,
    OauthSettings,
    OnecSettings,
    Secret,
    ServerSettings,
    Settings,
)
from onecgw.settings.load import load_settings
from onecgw.settings.oauth import RateLimitSettings, RedirectSettings
from onecgw.settings.schema import ServerTlsSettings

STRONG = Secret("kD8vQ1xZr4TnW0yB7mLs2Hf9")
NOWHERE = Surroundings(settings_file=None, environment={}, open_files=None)
CAREFUL: dict[str, Any] = {
    "server": ServerSettings(
        public_url="https://mcp.example.org", trusted_proxies=("10.0.0.5/32", "fd00::5/128")
    ),
    "onec": OnecSettings(base_url="https://1c.example.org/trade/hs"),
    "mcp": McpSettings(bearer_token=STRONG),
    "oauth": OauthSettings(enabled=False),
}


def careless(surroundings: Surroundings = NOWHERE, **changes: Any) -> list[tuple[str, str]]:
    found = find_careless_settings(Settings(**CAREFUL | changes), surroundings)
    assert all("\n" not in one.detail + one.advice and one.advice for one in found)
    return [(one.setting, one.detail) for one in found]


def server(**changes: Any) -> dict[str, Any]:
    return {"server": attrs.evolve(CAREFUL["server"], **changes)}


def limits_of_keys(**changes: int) -> dict[str, Any]:
    return {"oauth": OauthSettings(rate_limit=RateLimitSettings(**changes))}


def test_careful_settings_are_silent() -> None:
    assert careless() == []
    assert careless(**limits_of_keys(authorize_per_minute=1000, failures_per_minute=1)) == []
    behind = server(host="127.0.0.1", trusted_proxies=("127.0.0.1/32",))
    assert careless(**behind) == []
    local = ServerSettings(host="127.0.0.1")
    assert careless(server=local, onec=OnecSettings(base_url="http://[::1]:81/trade/hs")) == []


@pytest.mark.parametrize(
    ("changes", "setting"),
    [
        ({"server": ServerSettings()}, "server.host"),
        ({"server": ServerSettings(host="::")}, "server.host"),
        ({"server": ServerSettings(host="gateway.example.org")}, "server.host"),
        (server(public_url="http://localhost:8088"), "server.host"),
        (server(trusted_proxies=("0.0.0.0/0",)), "server.trusted_proxies"),
        (server(trusted_proxies=("0.0.0.0/1", "10.0.0.0/8")), "server.trusted_proxies"),
        (server(trusted_proxies=("::/0",)), "server.trusted_proxies"),
        (server(trusted_proxies=("::ffff:0.0.0.0/96",)), "server.trusted_proxies"),
        (server(trusted_proxies=("2000::/3",)), "server.trusted_proxies"),
        (server(trusted_proxies=()), "server.trusted_proxies"),
        (server(trusted_proxies=("127.0.0.1/32", "::1/128")), "server.host"),
        (limits_of_keys(authorize_per_minute=0), "oauth.rate_limit.authorize_per_minute"),
        (limits_of_keys(failures_per_minute=1001), "oauth.rate_limit.failures_per_minute"),
        ({"onec": OnecSettings(base_url="http://1c.example.org/trade/hs")}, "onec.base_url"),
        ({"onec": OnecSettings(base_url="http://10.0.0.9:80/trade/hs")}, "onec.base_url"),
        ({"mcp": McpSettings(bearer_token=Secret("a" * 16))}, "mcp.bearer_token"),
        ({"api": ApiSettings(bearer_token=Secret("password12345678"))}, "api.bearer_token"),
        ({"metrics": MetricsSettings(bearer_token=Secret("ab" * 16))}, "metrics.bearer_token"),
        (
            {"oauth": OauthSettings(redirects=RedirectSettings(open_https=True))},
            "oauth.redirects.open_https",
        ),
    ],
)
def test_a_careless_setting_is_said_once(changes: dict[str, Any], setting: str) -> None:
    assert [name for name, _ in careless(**changes)] == [setting]


@pytest.mark.parametrize(
    "networks", [("10.0.0.0/8", "172.16.0.0/12"), ("104.16.0.0/13", "2a06:98c0::/29")]
)
def test_networks_of_a_company_or_of_a_proxy_in_the_cloud_are_not_careless(
    networks: tuple[str, ...],
) -> None:
    assert careless(**server(trusted_proxies=networks)) == []


@pytest.mark.parametrize(("open_files", "count"), [(1099, 1), (1100, 0), (None, 0)])
def test_too_few_descriptors_for_the_connections_are_said(
    open_files: int | None, count: int
) -> None:
    assert len(careless(attrs.evolve(NOWHERE, open_files=open_files))) == count


@pytest.mark.skipif(os.name != "posix", reason="permission bits are of POSIX")
def test_files_with_secrets_that_others_may_read_are_said(tmp_path: Path) -> None:
    password, file = tmp_path / "password", tmp_path / "onecgw.yml"
    password.write_text("a1")
    file.write_text(
        "server: {host: 127.0.0.1}\n"
        "onec: {base_url: 'https://1c.example.org/hs', auth: {password_file: password,"
        " username: a}}\n"
        f"mcp: {{bearer_token: {STRONG.value}}}\noauth: {{enabled: false}}\n"
    )
    environment = {"ONECGW_API__BEARER_TOKEN": STRONG.value[::-1]}
    settings = load_settings(file, environment)
    around = Surroundings(settings_file=file, environment=environment, open_files=None)
    for mode, expected in (
        (0o644, [("onec.auth.password", password), ("mcp.bearer_token", file)]),
        (0o640, []),
    ):
        password.chmod(mode)
        file.chmod(mode)
        found = find_careless_settings(settings, around)
        assert [
            (one.setting, str(path) in one.advice)
            for one, (_, path) in zip(found, expected, strict=True)
        ] == [(setting, True) for setting, _ in expected]


@pytest.mark.skipif(os.name != "posix", reason="permission bits are of POSIX")
@pytest.mark.parametrize(("mode", "names"), [(0o600, []), (0o644, ["server.tls.key"])])
def test_a_gateway_with_a_certificate_needs_no_proxy(
    tmp_path: Path, mode: int, names: list[str]
) -> None:
    key = tmp_path / "key.pem"
    key.touch()
    key.chmod(mode)
    tls = ServerTlsSettings(cert=tmp_path / "cert.pem", key=key)

    found = careless(**server(tls=tls, trusted_proxies=()))

    assert [name for name, _ in found] == names


@pytest.mark.skipif(os.name != "posix", reason="permission bits are of POSIX")
def test_a_file_of_keys_that_others_may_read_is_said(tmp_path: Path) -> None:
    database = DatabaseSettings(path=tmp_path / "onecgw.db")
    (tmp_path / "onecgw.secrets").touch(mode=0o600)
    (tmp_path / "onecgw.secrets").chmod(0o604)
    database.path.touch()
    database.path.chmod(0o644)

    found = careless(oauth=OauthSettings(), database=database)

    assert [name for name, _ in found] == ["oauth.secrets_path", "database.path"]
