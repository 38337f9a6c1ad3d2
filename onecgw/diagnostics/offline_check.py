"""The steps of `onecgw check --offline`: what can be checked without 1C and without a start."""

import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

from onecgw.diagnostics.step import CheckFailed, ReportStep, run_step
from onecgw.errors import ConfigError
from onecgw.oauth.secrets import read_secrets
from onecgw.settings import Settings
from onecgw.storage.database import inspect_database
from onecgw.tls_certificate import read_certificate

RENEW_BEFORE: Final = timedelta(days=7)


def check_offline(settings: Settings, report: ReportStep) -> bool:
    """Check database, secrets, certificate and port; nothing is made or changed, 1C is not called.

    Returns:
        Whether every step passed.
    """
    server, tls = settings.server, settings.server.tls
    steps: dict[str, Callable[[], str]] = {
        "settings": partial(_describe_settings, settings),
        "database": partial(_check_database, settings.database.path),
    }
    if settings.oauth.enabled:
        steps["secrets"] = partial(_check_secrets, settings)
    if tls.cert is not None and tls.key is not None:
        steps["certificate"] = partial(_check_certificate, tls.cert, tls.key)
    steps["port"] = partial(_check_port, server.host, server.port)
    has_passed = True
    for name, step in steps.items():
        done = run_step(name, step)
        report(done)
        has_passed = has_passed and done.ok
    return has_passed


def _describe_settings(settings: Settings) -> str:
    return f"base_url {settings.onec.base_url}, clients at {settings.issuer or 'this computer'}"


def _check_database(path: Path) -> str:
    try:
        if path.exists():
            inspect_database(path)
            return f"{path} has a schema of this version"
        folder = next(above for above in path.absolute().parents if above.exists())
    except (ConfigError, OSError) as error:
        advice = "see the message; onecgw restore brings a backup back"
        raise CheckFailed(str(error), advice) from error
    return f"{path} does not exist yet; the gateway makes it in {folder}"


def _check_secrets(settings: Settings) -> str:
    path = settings.secrets_path
    if not path.exists() and not settings.database.path.exists():
        return f"{path} does not exist yet; the gateway makes it"
    try:
        read_secrets(path)
    except ConfigError as error:
        advice = "restore it from a backup, or set its mode to 0600"
        raise CheckFailed(str(error), advice) from error
    return f"{path} can be read by its owner only"


def _check_certificate(cert: Path, key: Path) -> str:
    try:
        certificate = read_certificate(cert, key)
    except ConfigError as error:
        advice = "replace the file, then `onecgw reload`; the gateway does not start with it"
        raise CheckFailed(str(error), advice) from error
    detail = f"{cert} and its key fit; valid until {certificate.expires_at:%Y-%m-%d %H:%MZ}"
    if certificate.expires_at - datetime.now(UTC) < RENEW_BEFORE:
        raise CheckFailed(detail, "renew it, then `onecgw reload`")
    return detail


def _check_port(host: str, port: int) -> str:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        raise CheckFailed(
            f"{host} port {port} cannot be used: {error.strerror}",
            "if the gateway runs, this is its own port; else set server.port or server.host",
        ) from error
    return f"{host} port {port} is free"
