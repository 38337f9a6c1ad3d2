"""The steps of `onecgw check --offline`: what can be checked without 1C and without a start."""

import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from onecgw.certificate import read_certificate
from onecgw.diagnostics.step import CheckStep, ReportStep
from onecgw.errors import ConfigError
from onecgw.oauth.secrets import read_secrets
from onecgw.settings import Settings
from onecgw.storage.database import inspect_database

RENEW_BEFORE: Final = timedelta(days=7)


def check_offline(settings: Settings, report: ReportStep) -> bool:
    """Check database, secrets, certificate and port; nothing is made or changed, 1C is not called.

    Returns:
        Whether every step passed.
    """
    passed = True
    for step in _steps(settings):
        report(step)
        passed = passed and step.ok
    return passed


def _steps(settings: Settings) -> Iterator[CheckStep]:
    detail = f"base_url {settings.onec.base_url}, clients at {settings.issuer or 'this computer'}"
    yield CheckStep(name="settings", ok=True, detail=detail)
    yield _database_step(settings.database.path)
    if settings.oauth.enabled:
        yield _secrets_step(settings)
    tls = settings.server.tls
    if tls.cert is not None and tls.key is not None:
        yield _certificate_step(tls.cert, tls.key)
    yield _port_step(settings.server.host, settings.server.port)


def _database_step(path: Path) -> CheckStep:
    try:
        if path.exists():
            inspect_database(path)
            return CheckStep(
                name="database", ok=True, detail=f"{path} has a schema of this version"
            )
        folder = next(above for above in path.absolute().parents if above.exists())
    except (ConfigError, OSError) as error:
        advice = "see the message; onecgw restore brings a backup back"
        return CheckStep(name="database", ok=False, detail=str(error), advice=advice)
    detail = f"{path} does not exist yet; the gateway makes it in {folder}"
    return CheckStep(name="database", ok=True, detail=detail)


def _secrets_step(settings: Settings) -> CheckStep:
    path = settings.secrets_path
    if not path.exists() and not settings.database.path.exists():
        detail = f"{path} does not exist yet; the gateway makes it"
        return CheckStep(name="secrets", ok=True, detail=detail)
    try:
        read_secrets(path)
    except ConfigError as error:
        advice = "restore it from a backup, or set its mode to 0600"
        return CheckStep(name="secrets", ok=False, detail=str(error), advice=advice)
    return CheckStep(name="secrets", ok=True, detail=f"{path} can be read by its owner only")


def _certificate_step(cert: Path, key: Path) -> CheckStep:
    try:
        certificate = read_certificate(cert, key)
    except ConfigError as error:
        advice = "replace the file, then `onecgw reload`; the gateway does not start with it"
        return CheckStep(name="certificate", ok=False, detail=str(error), advice=advice)
    left = certificate.expires_at - datetime.now(UTC)
    detail = f"{cert} and its key fit; valid until {certificate.expires_at:%Y-%m-%d %H:%MZ}"
    if left < RENEW_BEFORE:
        advice = "renew it, then `onecgw reload`"
        return CheckStep(name="certificate", ok=False, detail=detail, advice=advice)
    return CheckStep(name="certificate", ok=True, detail=detail)


def _port_step(host: str, port: int) -> CheckStep:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        return CheckStep(
            name="port",
            ok=False,
            detail=f"{host} port {port} cannot be used: {error.strerror}",
            advice="if the gateway runs, this is its own port; else set server.port or server.host",
        )
    return CheckStep(name="port", ok=True, detail=f"{host} port {port} is free")
