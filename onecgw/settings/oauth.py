"""The settings of logins over OAuth: every key with its type, bounds, default and explanation."""

from pathlib import Path
from typing import Literal

import attrs

from onecgw.auth.caller import ALL_SCOPES, RESOLVE, SALES, STOCK
from onecgw.settings import rules
from onecgw.settings.declaration import Duration, setting


@attrs.frozen(kw_only=True)
class RedirectSettings:
    """Redirect URIs that are allowed besides those of known clients and of loopback."""

    allowed: tuple[str, ...] = setting(
        (), "Further redirect URIs, compared byte by byte.", rule=rules.REDIRECT_URI
    )
    open_https: bool = setting(
        False, "Whether any https:// address is allowed; then only the user can notice phishing."
    )


@attrs.frozen(kw_only=True)
class RateLimitSettings:
    """Rate limits of logins; 0 = off."""

    authorize_per_minute: int = setting(
        10,
        "Burst of key attempts per address; half of it is restored per minute.",
        between=(0, 10_000),
    )
    pages_per_minute: int = setting(120, "Login pages opened per address.", between=(0, 10_000))
    failures_per_minute: int = setting(
        60,
        "Wrong keys from all addresses; beyond this, keys are checked one at a time, slowly.",
        between=(0, 100_000),
    )
    register_per_minute: int = setting(
        30,
        "Registrations per address, and as many fetches of clients' documents.",
        between=(0, 10_000),
    )
    token_per_minute: int = setting(
        120, "Token requests per client at an address.", between=(0, 100_000)
    )
    token_address_per_minute: int = setting(
        1200, "Token requests per address, of all its clients.", between=(0, 1_000_000)
    )


@attrs.frozen(kw_only=True)
class OauthSettings:
    """Login of people over OAuth."""

    enabled: bool = setting(True, "Whether /mcp requires OAuth tokens.")
    public_url: str | None = setting(
        None, "The issuer; empty: server.public_url.", rule=rules.PUBLIC_URL
    )
    resource: str | None = setting(
        None, "Resource of access tokens; empty: the issuer with /mcp.", rule=rules.RESOURCE
    )
    keys: Literal["onec", "local"] = setting(
        "onec", "What verifies access keys: 1C, or the gateway (`onecgw keys`)."
    )
    access_token_ttl: Duration = setting(
        Duration("1h"), "Life of an access token.", rule=rules.duration("60s", "24h")
    )
    refresh_token_ttl: Duration = setting(
        Duration("720h"), "How long a login lasts without use.", rule=rules.duration("5m", "365d")
    )
    auth_code_ttl: Duration = setting(
        Duration("60s"), "Life of an authorization code.", rule=rules.duration("10s", "10m")
    )
    grant_ttl: Duration = setting(
        Duration("2160h"), "How long a login lasts at most.", rule=rules.duration("5m", "3650d")
    )
    default_scopes: tuple[str, ...] = setting(
        (RESOLVE, SALES, STOCK), "Scopes of a client that requests none.", choices=ALL_SCOPES
    )
    supported_scopes: tuple[str, ...] = setting(
        ALL_SCOPES, "Scopes that clients may request.", choices=ALL_SCOPES
    )
    cimd: Literal["auto", "off", "allowlist", "open"] = setting(
        "auto", "Clients that are described by a document at their client_id."
    )
    cimd_hosts: tuple[str, ...] = setting(
        (), "Hosts of such documents with cimd: allowlist.", rule=rules.HOST
    )
    clients: tuple[str, ...] = setting(
        (), "Preregistered clients: id and redirect URIs.", rule=rules.CLIENT
    )
    secrets_path: Path | None = setting(
        None, "File of the secrets; empty: beside the database.", rule=rules.FOLDER_FILE
    )
    redirects: RedirectSettings = attrs.field(factory=RedirectSettings)
    rate_limit: RateLimitSettings = attrs.field(factory=RateLimitSettings)
