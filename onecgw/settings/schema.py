"""The settings: every key with its type, bounds, default and explanation."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import attrs

from onecgw.auth.caller import ALL_SCOPES, COST
from onecgw.settings import rules
from onecgw.settings.declaration import Secret, Setting
from onecgw.settings.oauth import OauthSettings

_MINUTES_10_MS = 600_000
_DAY_SECONDS = 86_400
_KIB = 1024
_MIB = 1024 * _KIB

_GRACE_BEYOND_DEADLINE_SECONDS = 10
"""Time for the answers of the last calls to be written after their deadline."""


@attrs.frozen(kw_only=True)
class ServerSettings:
    """Where the gateway listens, and whom it answers."""

    host: Annotated[
        str, Setting("Address to listen on; 0.0.0.0 is every interface.", rule=rules.HOST)
    ] = "0.0.0.0"  # noqa: S104 - the default of the service this one replaces
    port: Annotated[
        int, Setting("Port to listen on; 0 takes a free one.", minimum=0, maximum=65_535)
    ] = 8088
    public_url: Annotated[
        str | None,
        Setting("Origin under which clients reach the gateway.", rule=rules.PUBLIC_URL),
    ] = None
    allowed_origins: Annotated[
        tuple[str, ...],
        Setting("Browser origins that may call, besides public_url's own.", rule=rules.ORIGIN),
    ] = ()
    allowed_hosts: Annotated[
        tuple[str, ...],
        Setting("Host headers that are answered, besides public_url's.", rule=rules.HOST_HEADER),
    ] = ()
    trusted_proxies: Annotated[
        tuple[str, ...],
        Setting(
            "Proxies whose X-Forwarded-For is believed, as addresses or networks.",
            rule=rules.NETWORK,
        ),
    ] = ()
    max_connections: Annotated[
        int,
        Setting(
            "Connections at a time; beyond, the oldest that waits is closed.",
            minimum=1,
            maximum=100_000,
        ),
    ] = 1_000
    shutdown_grace_s: Annotated[
        int | None,
        Setting(
            "Seconds that running calls get on a stop; empty: the longest deadline and 10 more.",
            minimum=1,
            maximum=3600,
        ),
    ] = None


@attrs.frozen(kw_only=True)
class LogSettings:
    """What is logged on stderr, and how."""

    level: Annotated[
        Literal["debug", "info", "warning", "error"], Setting("The least severe level shown.")
    ] = "info"
    format: Annotated[
        Literal["json", "text"], Setting("Shape of a line: JSON, or key=value text.")
    ] = "text"


@attrs.frozen(kw_only=True)
class OnecAuthSettings:
    """The technical user under which 1C is called."""

    type: Annotated[Literal["basic", "bearer"], Setting("Scheme of the Authorization header.")] = (
        "basic"
    )
    username: Annotated[
        str | None, Setting("Login of the 1C user; basic needs it.", rule=rules.USER_NAME)
    ] = None
    password: Annotated[
        Secret | None, Setting("Password of the 1C user; empty is an empty password.")
    ] = None
    token: Annotated[
        Secret | None, Setting("Token that bearer sends.", rule=rules.FOREIGN_TOKEN)
    ] = None


@attrs.frozen(kw_only=True)
class OnecSettings:
    """The 1C HTTP service, and how hard it may be pressed."""

    base_url: Annotated[
        str,
        Setting(
            "What stands before /mcp/..., such as https://1c.example.org/trade/hs.",
            rule=rules.BASE_URL,
        ),
    ]
    auth: OnecAuthSettings = attrs.field(factory=OnecAuthSettings)
    timeout_ms: Annotated[
        int,
        Setting(
            "Deadline of a whole call: queue, connect, 1C's work, read.",
            minimum=100,
            maximum=_MINUTES_10_MS,
        ),
    ] = 8000
    report_timeout_ms: Annotated[
        int | None,
        Setting(
            "The same for reports; empty: timeout_ms.",
            minimum=100,
            maximum=_MINUTES_10_MS,
            shipped=45_000,
        ),
    ] = None
    connect_timeout_ms: Annotated[
        int, Setting("Time to open a connection, within the deadline.", minimum=50, maximum=60_000)
    ] = 3000
    tenant_header: Annotated[
        str | None,
        Setting("Header that names the tenant; sent with default_tenant.", rule=rules.HEADER_NAME),
    ] = None
    default_tenant: Annotated[
        str | None, Setting("Value of tenant_header.", rule=rules.HEADER_TEXT)
    ] = None
    ca_file: Annotated[
        Path | None,
        Setting("PEM file of a private CA that signed 1C's certificate.", rule=rules.FILE),
    ] = None
    timezone: Annotated[
        str | None,
        Setting(
            "Zone of 1C's days, such as Europe/Kyiv; empty: that of this system.",
            rule=rules.TIMEZONE,
        ),
    ] = None
    resolve_cache_ttl_sec: Annotated[
        int,
        Setting("How long resolver answers are kept; 0 = off.", minimum=0, maximum=_DAY_SECONDS),
    ] = 600
    balance_cache_ttl_sec: Annotated[
        int,
        Setting(
            "How long balances of past days are kept; 0 = off.", minimum=0, maximum=_DAY_SECONDS
        ),
    ] = 3600
    max_concurrency: Annotated[
        int, Setting("Calls in 1C at once: its sessions are licensed.", minimum=1, maximum=256)
    ] = 8
    max_queue: Annotated[
        int, Setting("Calls that may wait for their turn.", minimum=0, maximum=10_000)
    ] = 256
    session_mode: Annotated[
        Literal["auto", "client", "off"],
        Setting("Who reuses 1C sessions: auto: the publication, client: the gateway, off: nobody."),
    ] = "auto"
    breaker_failures: Annotated[
        int,
        Setting(
            "Failures in a row after which 1C is left alone; 0 = off.", minimum=0, maximum=1000
        ),
    ] = 5
    breaker_pause_ms: Annotated[
        int, Setting("How long it is left alone.", minimum=100, maximum=_MINUTES_10_MS)
    ] = 3000

    def today(self) -> date:
        """The day that it is where 1C is."""
        zone = ZoneInfo(self.timezone) if self.timezone is not None else None
        return datetime.now(UTC).astimezone(zone).date()

    @property
    def report_deadline_ms(self) -> int:
        """The deadline of reports: report_timeout_ms, or timeout_ms where that is not set."""
        return self.timeout_ms if self.report_timeout_ms is None else self.report_timeout_ms


@attrs.frozen(kw_only=True)
class LimitsSettings:
    """How much one call and one caller may take."""

    resolve_limit: Annotated[
        int, Setting("Most candidates of a resolver.", minimum=1, maximum=1000)
    ] = 10
    default_rows: Annotated[
        int, Setting("Rows of an MCP report without `top`.", minimum=1, maximum=100_000)
    ] = 100
    max_rows: Annotated[int, Setting("Most rows of a report.", minimum=1, maximum=100_000)] = 5000
    max_result_bytes: Annotated[
        int,
        Setting("Largest MCP answer; rows beyond are cut.", minimum=_KIB, maximum=16 * _MIB),
    ] = 80_000
    max_request_bytes: Annotated[
        int, Setting("Largest request body.", minimum=_KIB, maximum=64 * _MIB)
    ] = _MIB
    max_response_bytes: Annotated[
        int, Setting("Largest answer of 1C.", minimum=64 * _KIB, maximum=1024 * _MIB)
    ] = 64 * _MIB
    calls_per_minute: Annotated[
        int, Setting("Calls per caller and minute; 0 = no limit.", minimum=0, maximum=1_000_000)
    ] = 300


@attrs.frozen(kw_only=True)
class McpSettings:
    """The MCP endpoint, POST /mcp."""

    enabled: Annotated[bool, Setting("Whether /mcp is served at all.")] = True
    bearer_token: Annotated[
        Secret | None,
        Setting("Static token of MCP clients, for use without OAuth.", rule=rules.BEARER_TOKEN),
    ] = None
    scopes: Annotated[
        tuple[str, ...],
        Setting("What the static token may see.", minimum=1, choices=ALL_SCOPES),
    ] = ALL_SCOPES


@attrs.frozen(kw_only=True)
class ApiSettings:
    """The REST API: POST /resolve/* and /reports/*."""

    bearer_token: Annotated[
        Secret | None, Setting("Token of REST callers; empty: no REST.", rule=rules.BEARER_TOKEN)
    ] = None
    scopes: Annotated[
        tuple[str, ...],
        Setting("What REST callers may see.", minimum=1, choices=ALL_SCOPES),
    ] = tuple(scope for scope in ALL_SCOPES if scope != COST)


@attrs.frozen(kw_only=True)
class DatabaseSettings:
    """The one file that outlives a restart: logins and the audit."""

    path: Annotated[
        Path, Setting("The SQLite file; its folder is made if need be.", rule=rules.FOLDER_FILE)
    ] = Path("data/onecgw.db")


@attrs.frozen(kw_only=True)
class AuditSettings:
    """Who asked what; it always goes to the log as well."""

    retention_days: Annotated[
        int,
        Setting("How long the database keeps it; 0 = only the log.", minimum=0, maximum=36_500),
    ] = 90
    on_failure: Annotated[
        Literal["deny", "allow"],
        Setting("What becomes of calls while it cannot be written."),
    ] = "deny"


@attrs.frozen(kw_only=True)
class Settings:
    """Everything the gateway is told by its operator."""

    server: ServerSettings = attrs.field(factory=ServerSettings)
    log: LogSettings = attrs.field(factory=LogSettings)
    onec: OnecSettings
    limits: LimitsSettings = attrs.field(factory=LimitsSettings)
    mcp: McpSettings = attrs.field(factory=McpSettings)
    api: ApiSettings = attrs.field(factory=ApiSettings)
    oauth: OauthSettings = attrs.field(factory=OauthSettings)
    database: DatabaseSettings = attrs.field(factory=DatabaseSettings)
    audit: AuditSettings = attrs.field(factory=AuditSettings)

    @property
    def issuer(self) -> str:
        """The origin that all absolute URLs start with; "" if none is set."""
        return self.oauth.public_url or self.server.public_url or ""

    @property
    def resource(self) -> str:
        """What access tokens are for."""
        return self.oauth.resource or f"{self.issuer}/mcp"

    @property
    def secrets_path(self) -> Path:
        """The file of the keys that protect the database."""
        return self.oauth.secrets_path or self.database.path.with_suffix(".secrets")

    @property
    def longest_deadline_ms(self) -> int:
        """The deadline that a call of any kind may use up."""
        return max(self.onec.timeout_ms, self.onec.report_deadline_ms)

    @property
    def shutdown_grace_seconds(self) -> int:
        """How long a stop waits for running calls; longer than any of them may last."""
        if self.server.shutdown_grace_s is not None:
            return self.server.shutdown_grace_s
        return -(-self.longest_deadline_ms // 1000) + _GRACE_BEYOND_DEADLINE_SECONDS
