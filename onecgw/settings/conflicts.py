"""Settings that are right one by one and wrong together."""

from collections.abc import Iterator

import attrs

from onecgw.settings.schema import Settings


@attrs.frozen
class Conflict:
    """One contradiction.

    message: what to change; never a secret.
    keys: the settings that it comes from, first the one to look at.
    """

    message: str
    keys: tuple[str, ...]


def find_conflicts(settings: Settings) -> Iterator[Conflict]:
    """Every contradiction in the settings."""
    yield from _oauth(settings)
    yield from _credentials(settings)
    yield from _limits(settings)
    yield from _surfaces(settings)


def _oauth(settings: Settings) -> Iterator[Conflict]:
    oauth = settings.oauth
    if not oauth.enabled:
        return
    if not settings.issuer:
        yield Conflict(
            "missing; the origin under which clients reach the gateway is expected"
            " (or oauth.enabled: false and mcp.bearer_token)",
            ("oauth.public_url", "server.public_url", "oauth.enabled"),
        )
    if strangers := sorted(set(oauth.default_scopes) - set(oauth.supported_scopes)):
        message = f"{', '.join(strangers)}: not one of oauth.supported_scopes"
        yield Conflict(message, ("oauth.default_scopes", "oauth.supported_scopes"))
    if oauth.refresh_token_ttl.seconds > oauth.grant_ttl.seconds:
        message = f"at most oauth.grant_ttl ({oauth.grant_ttl}) is expected"
        yield Conflict(message, ("oauth.refresh_token_ttl", "oauth.grant_ttl"))
    if oauth.cimd == "allowlist" and not oauth.cimd_hosts:
        yield Conflict("missing; oauth.cimd: allowlist needs them", ("oauth.cimd_hosts",))


def _credentials(settings: Settings) -> Iterator[Conflict]:
    auth = settings.onec.auth
    if auth.type == "basic" and auth.username is None:
        message = "missing; onec.auth.type: basic needs the login of a 1C user"
        yield Conflict(message, ("onec.auth.username", "onec.auth.type"))
    if auth.type == "bearer" and auth.token is None:
        message = "missing; onec.auth.type: bearer needs a token"
        yield Conflict(message, ("onec.auth.token", "onec.auth.type"))


def _limits(settings: Settings) -> Iterator[Conflict]:
    limits, deadline_ms = settings.limits, settings.longest_deadline_ms
    if limits.default_rows > limits.max_rows:
        message = f"at most limits.max_rows ({limits.max_rows}) is expected"
        yield Conflict(message, ("limits.default_rows", "limits.max_rows"))
    if settings.shutdown_grace_seconds * 1000 <= deadline_ms:
        yield Conflict(
            f"more than the longest deadline ({deadline_ms} ms) is expected:"
            " a stop waits for running calls",
            ("server.shutdown_grace_s", "onec.report_timeout_ms", "onec.timeout_ms"),
        )


def _surfaces(settings: Settings) -> Iterator[Conflict]:
    mcp, api = settings.mcp, settings.api
    serves_mcp = mcp.enabled and (mcp.bearer_token is not None or settings.oauth.enabled)
    if not serves_mcp and api.bearer_token is None:
        yield Conflict(
            "nothing to serve: set mcp.bearer_token (and mcp.enabled: true) or api.bearer_token",
            ("mcp.bearer_token", "api.bearer_token", "mcp.enabled", "oauth.enabled"),
        )
    # One token on both surfaces would make the narrower scopes of one of them void.
    if mcp.bearer_token is not None and mcp.bearer_token == api.bearer_token:
        message = "another token than mcp.bearer_token is expected: their scopes differ"
        yield Conflict(message, ("api.bearer_token", "mcp.bearer_token"))
