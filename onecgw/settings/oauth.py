"""The settings of logins over OAuth: every key with its type, bounds, default and explanation."""

from pathlib import Path
from typing import Annotated, Literal

import attrs

from onecgw.auth.caller import ALL_SCOPES, RESOLVE, SALES, STOCK
from onecgw.settings import rules
from onecgw.settings.declaration import Duration, Setting

_ACCESS_TOKEN_TTL = Duration("1h")
_REFRESH_TOKEN_TTL = Duration("720h")
_AUTH_CODE_TTL = Duration("60s")
_GRANT_TTL = Duration("2160h")


@attrs.frozen(kw_only=True)
class RedirectSettings:
    """Where a login may lead back to, besides the known clients and the person's own machine."""

    allowed: Annotated[
        tuple[str, ...],
        Setting("Further redirect URIs, compared byte by byte.", rule=rules.REDIRECT_URI),
    ] = ()
    open_https: Annotated[
        bool,
        Setting(
            "Whether any https:// address may be one; only a person's eyes then stop phishing."
        ),
    ] = False


@attrs.frozen(kw_only=True)
class RateLimitSettings:
    """Guards of the login against guessing and floods; 0 = off."""

    authorize_per_minute: Annotated[
        int,
        Setting(
            "Keys tried at once per address; half as many come back a minute.",
            minimum=0,
            maximum=10_000,
        ),
    ] = 10
    pages_per_minute: Annotated[
        int, Setting("Login pages opened per address.", minimum=0, maximum=10_000)
    ] = 120
    failures_per_minute: Annotated[
        int,
        Setting(
            "Wrong keys from everywhere; beyond them each try is slowed, and nobody locked out.",
            minimum=0,
            maximum=100_000,
        ),
    ] = 60
    register_per_minute: Annotated[
        int,
        Setting(
            "Registrations per address, and as many fetches of clients' documents.",
            minimum=0,
            maximum=10_000,
        ),
    ] = 30
    token_per_minute: Annotated[
        int, Setting("Token requests per client at an address.", minimum=0, maximum=100_000)
    ] = 120
    token_address_per_minute: Annotated[
        int,
        Setting("Token requests per address, of all its clients.", minimum=0, maximum=1_000_000),
    ] = 1200


@attrs.frozen(kw_only=True)
class OauthSettings:
    """Login of people over OAuth."""

    enabled: Annotated[bool, Setting("Whether /mcp asks for OAuth tokens.")] = True
    public_url: Annotated[
        str | None,
        Setting("The issuer; empty: server.public_url.", rule=rules.PUBLIC_URL),
    ] = None
    resource: Annotated[
        str | None, Setting("What tokens are for; empty: the issuer and /mcp.", rule=rules.RESOURCE)
    ] = None
    keys: Annotated[
        Literal["onec", "local"],
        Setting("Who knows the access keys: 1C, or the gateway (`onecgw keys`)."),
    ] = "onec"
    access_token_ttl: Annotated[
        Duration, Setting("Life of an access token.", rule=rules.duration("60s", "24h"))
    ] = _ACCESS_TOKEN_TTL
    refresh_token_ttl: Annotated[
        Duration,
        Setting("How long a login lasts unused.", rule=rules.duration("5m", "365d")),
    ] = _REFRESH_TOKEN_TTL
    auth_code_ttl: Annotated[
        Duration, Setting("Life of an authorization code.", rule=rules.duration("10s", "10m"))
    ] = _AUTH_CODE_TTL
    grant_ttl: Annotated[
        Duration,
        Setting("How long a login lasts at most.", rule=rules.duration("5m", "3650d")),
    ] = _GRANT_TTL
    default_scopes: Annotated[
        tuple[str, ...],
        Setting("What a client that names no scope asks for.", minimum=1, choices=ALL_SCOPES),
    ] = (RESOLVE, SALES, STOCK)
    supported_scopes: Annotated[
        tuple[str, ...],
        Setting("What may be asked for at all.", minimum=1, choices=ALL_SCOPES),
    ] = ALL_SCOPES
    cimd: Annotated[
        Literal["auto", "off", "allowlist", "open"],
        Setting("Clients that are described by a document at their client_id."),
    ] = "auto"
    cimd_hosts: Annotated[
        tuple[str, ...],
        Setting("Hosts of such documents with cimd: allowlist.", rule=rules.HOST),
    ] = ()
    clients: Annotated[
        tuple[str, ...],
        Setting("Clients known beforehand: id and redirect URIs.", rule=rules.CLIENT),
    ] = ()
    secrets_path: Annotated[
        Path | None,
        Setting("File of the keys; empty: beside the database.", rule=rules.FOLDER_FILE),
    ] = None
    redirects: RedirectSettings = attrs.field(factory=RedirectSettings)
    rate_limit: RateLimitSettings = attrs.field(factory=RateLimitSettings)
