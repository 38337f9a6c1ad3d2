"""Settings that are valid and careless: said at each start and reload, and by `onecgw check`."""

import ipaddress
import logging
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import attrs

try:
    import resource
except ImportError:  # Windows, which does not limit the sockets of a process
    resource = None  # type: ignore[assignment]

from onecgw.diagnostics.step import CheckStep, ReportStep
from onecgw.settings import Settings
from onecgw.settings.declaration import VARIABLE_PREFIX, Secret
from onecgw.settings.file_access import others_may_read
from onecgw.settings.load import declared_settings, read_sources
from onecgw.settings.rules import BEARER_TOKEN, is_loopback
from onecgw.settings.token_strength import is_weak

log = logging.getLogger(__name__)

OTHER_FILES: Final = 100  # descriptors besides connections of clients: 1C, database, log, DNS
# A wider network of the internet is no proxy's; the widest that Cloudflare publishes are 12 and 29.
_WIDEST_V4: Final = 10
_WIDEST_V6: Final = 24
MOST_KEYS_PER_MINUTE: Final = 1_000  # more are no limit for a guesser
_V4_IN_V6: Final = ipaddress.IPv6Network("::ffff:0:0/96")


@attrs.frozen(kw_only=True)
class CarelessSetting:
    """One careless setting.

    setting: its key. detail: what can happen. advice: the line that closes it.
    """

    setting: str
    detail: str
    advice: str


def _read_file_limit() -> int | None:
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0] if resource is not None else -1
    return None if resource is None or soft == resource.RLIM_INFINITY else soft


@attrs.frozen(kw_only=True)
class Surroundings:
    """What the settings are compared with.

    settings_file: None if there is none. environment: the variables of the process.
    open_files: how many the process may have; None: unlimited or unknown.
    """

    settings_file: Path | None
    environment: Mapping[str, str] = os.environ
    open_files: int | None = attrs.field(factory=_read_file_limit)


def find_careless_settings(
    settings: Settings, surroundings: Surroundings
) -> tuple[CarelessSetting, ...]:
    """The careless settings of a gateway that serves HTTP, in the order of the schema."""
    return tuple(found for check in _CHECKS for found in check(settings, surroundings))


def log_careless_settings(settings: Settings, surroundings: Surroundings) -> None:
    """Log each careless setting as one line."""
    for found in find_careless_settings(settings, surroundings):
        log.warning("settings.careless", extra={"fields": attrs.asdict(found)})


def report_careless_settings(
    settings: Settings, surroundings: Surroundings, report: ReportStep
) -> None:
    """Report each careless setting as a step that passed with a warning."""
    for found in find_careless_settings(settings, surroundings):
        report(
            CheckStep(
                name=found.setting,
                ok=True,
                is_warning=True,
                detail=found.detail,
                advice=found.advice,
            )
        )


def _plain_http(settings: Settings, _: Surroundings) -> Iterator[CarelessSetting]:
    server = settings.server
    if server.tls.cert is not None or is_loopback(server.host):
        return
    if not settings.issuer.startswith("https://"):
        yield CarelessSetting(
            setting="server.host",
            detail=f"{server.host} is reached from other computers, over plain HTTP: tokens and "
            "figures can be read on the way",
            advice="server.host: 127.0.0.1, or server.tls.cert, or public_url: https:// of a proxy",
        )
    elif server.trusted_proxies and all(
        ipaddress.ip_network(one).is_loopback for one in server.trusted_proxies
    ):
        yield CarelessSetting(
            setting="server.host",
            detail=f"{server.host} is reached from other computers past the proxy on this one, "
            "over plain HTTP",
            advice="server.host: 127.0.0.1",
        )


def _proxies(settings: Settings, _: Surroundings) -> Iterator[CarelessSetting]:
    proxies = settings.server.trusted_proxies
    for network in filter(_is_wide, map(ipaddress.ip_network, proxies)):
        yield CarelessSetting(
            setting="server.trusted_proxies",
            detail=f"{network} lets everybody in it choose the address that the audit and the rate "
            "limits see",
            advice="server.trusted_proxies: only the address of your proxy, as 10.0.0.5",
        )
    is_behind_proxy = settings.server.tls.cert is None and settings.issuer.startswith("https://")
    if is_behind_proxy and not proxies:
        yield CarelessSetting(
            setting="server.trusted_proxies",
            detail="empty, so all clients behind the proxy share the limits of one address",
            advice="server.trusted_proxies: the address of the proxy, as 127.0.0.1",
        )


def _open_files(settings: Settings, around: Surroundings) -> Iterator[CarelessSetting]:
    needed = settings.server.max_connections + OTHER_FILES
    if around.open_files is not None and around.open_files < needed:
        yield CarelessSetting(
            setting="server.max_connections",
            detail=f"this process may open {around.open_files} files, and "
            f"{settings.server.max_connections} connections need {needed}",
            advice=f"ulimit -n {needed} (systemd: LimitNOFILE={needed}), or a smaller number",
        )


def _plain_onec(settings: Settings, _: Surroundings) -> Iterator[CarelessSetting]:
    url = urlsplit(settings.onec.base_url)
    if url.scheme == "http" and not is_loopback(url.hostname or ""):
        yield CarelessSetting(
            setting="onec.base_url",
            detail="http:// sends the password of the 1C user and all figures in clear",
            advice="onec.base_url: https://…, with onec.ca_file for a CA of your own",
        )


def _tokens(settings: Settings, _: Surroundings) -> Iterator[CarelessSetting]:
    for declared in declared_settings().values():
        value = declared.value_in(settings)
        if (
            declared.setting.rule is BEARER_TOKEN
            and isinstance(value, Secret)
            and is_weak(value.value)
        ):
            yield CarelessSetting(
                setting=declared.key,
                detail="it repeats itself, counts or is made of words, so it can be guessed",
                advice=f"{declared.key}: what `openssl rand -hex 32` prints",
            )


def _open_redirects(settings: Settings, _: Surroundings) -> Iterator[CarelessSetting]:
    oauth = settings.oauth
    if oauth.enabled and oauth.redirects.open_https:
        yield CarelessSetting(
            setting="oauth.redirects.open_https",
            detail="a login may be sent to any address, under any name; only the person can notice",
            advice="oauth.redirects.open_https: false, and oauth.redirects.allowed with addresses",
        )


def _key_limits(settings: Settings, _: Surroundings) -> Iterator[CarelessSetting]:
    for key in ("oauth.rate_limit.authorize_per_minute", "oauth.rate_limit.failures_per_minute"):
        declared = declared_settings()[key]
        value = declared.value_in(settings)
        if settings.oauth.enabled and value not in range(1, MOST_KEYS_PER_MINUTE + 1):
            yield CarelessSetting(
                setting=key,
                detail="access keys can be guessed as fast as 1C checks them",
                advice=f"{key}: {declared.default}",
            )


def _files(settings: Settings, around: Surroundings) -> Iterator[CarelessSetting]:
    secrets_path = settings.secrets_path if settings.oauth.enabled else None
    files: list[tuple[str, Path | None, str]] = [
        ("oauth.secrets_path", secrets_path, "the keys of all logins"),
        ("database.path", settings.database.path, "accounts, the audit and hashes of keys"),
        ("server.tls.key", settings.server.tls.key, "it"),
    ]
    given = read_sources(around.settings_file, around.environment).values
    for key, declared in declared_settings().items():
        if declared.is_secret and key in given and given[key].text is not None:
            is_in_environment = given[key].place.startswith(VARIABLE_PREFIX)
            inside = None if is_in_environment else around.settings_file
            files.append((key, given[key].file or inside, "it"))
    for key, path, what in files:
        if path is not None and others_may_read(path):
            yield CarelessSetting(
                setting=key,
                detail=f"other accounts of this computer may read {what} in {path}",
                advice=f"chmod 600 {path}; on Windows:"
                f' icacls "{path}" /inheritance:r /grant:r "%USERNAME%:F"',
            )


def _is_wide(network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> bool:
    """Whether a network holds addresses of many unknown computers."""
    if isinstance(network, ipaddress.IPv6Network):
        if not network.subnet_of(_V4_IN_V6):
            return network.prefixlen < _WIDEST_V6 and not network.is_private
        first = network.network_address.ipv4_mapped
        network = ipaddress.IPv4Network((int(first or 0), network.prefixlen - 96))
    return network.prefixlen < _WIDEST_V4 and not network.is_private


_CHECKS: Final[tuple[Callable[[Settings, Surroundings], Iterator[CarelessSetting]], ...]] = (
    _plain_http,
    _proxies,
    _open_files,
    _plain_onec,
    _tokens,
    _open_redirects,
    _key_limits,
    _files,
)
