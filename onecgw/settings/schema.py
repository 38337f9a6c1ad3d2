"""The settings: every key with its type, bounds, default and explanation."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import attrs

from onecgw.auth.caller import ALL_SCOPES, COST
from onecgw.locales import DEFAULT_LANGUAGE
from onecgw.settings import rules
from onecgw.settings.declaration import Secret, setting
from onecgw.settings.oauth import OauthSettings

TOOLSETS = ("references", "sales", "stock", "money", "analysis")

_MINUTES_10_MS = 600_000
_DAY_SECONDS = 86_400
_KIB = 1024
_MIB = 1024 * _KIB

# Virtual tables of a stock base take up to 25 s each when they are cold.
_REPORT_TIMEOUT_MS = {"http_service": 45_000, "odata": 180_000}

_GRACE_BEYOND_DEADLINE_SECONDS = 10
"""Time to write the last answers after their deadline."""


@attrs.frozen(kw_only=True)
class ServerTlsSettings:
    """The certificate of the gateway itself; without one it speaks plain HTTP, for a proxy."""

    cert: Path | None = setting(
        None, "PEM file of the certificate, followed by its chain.", rule=rules.FILE
    )
    key: Path | None = setting(
        None, "PEM file of its private key, without a passphrase.", rule=rules.FILE
    )


@attrs.frozen(kw_only=True)
class ServerSettings:
    """Where the gateway listens, and which hosts and origins it accepts."""

    host: str = setting(
        "0.0.0.0",  # noqa: S104 - the default of the service this one replaces
        "Address to listen on; 0.0.0.0 is every interface.",
        rule=rules.HOST,
    )
    port: int = setting(8088, "Port to listen on; 0 takes a free one.", between=(0, 65_535))
    tls: ServerTlsSettings = attrs.field(factory=ServerTlsSettings)
    workers: int = setting(
        1,
        "Processes that serve the port; they share onec.max_concurrency. 1 on Windows.",
        between=(1, 64),
    )
    public_url: str | None = setting(
        None, "Origin under which clients reach the gateway.", rule=rules.PUBLIC_URL
    )
    allowed_origins: tuple[str, ...] = setting(
        (), "Browser origins that may call, besides public_url's own.", rule=rules.ORIGIN
    )
    allowed_hosts: tuple[str, ...] = setting(
        (), "Host headers that are answered, besides public_url's.", rule=rules.HOST_HEADER
    )
    trusted_proxies: tuple[str, ...] = setting(
        (),
        "Proxies whose X-Forwarded-For is trusted, as addresses or networks.",
        rule=rules.NETWORK,
    )
    max_connections: int = setting(
        1_000,
        "Concurrent connections; beyond this the oldest idle one is closed.",
        between=(1, 100_000),
    )
    shutdown_grace_s: int | None = setting(
        None,
        "Seconds that running calls get on a stop; empty: the longest deadline and 10 more.",
        between=(1, 3600),
    )


@attrs.frozen(kw_only=True)
class LogSettings:
    """What is logged, where and how."""

    level: Literal["debug", "info", "warning", "error"] = setting(
        "info", "The least severe level shown."
    )
    format: Literal["json", "text"] = setting("text", "Shape of a line: JSON, or key=value text.")
    file: Path | None = setting(
        None, "File that is written instead of stderr.", rule=rules.FOLDER_FILE
    )
    file_max_bytes: int = setting(
        10 * _MIB, "Size at which a new file is begun.", between=(64 * _KIB, 1024 * _MIB)
    )
    files_kept: int = setting(
        5, "Earlier files that are kept: .1 is the newest.", between=(1, 1000)
    )


@attrs.frozen(kw_only=True)
class OnecAuthSettings:
    """The technical user under which 1C is called."""

    type: Literal["basic", "bearer", "none"] = setting(
        "basic", "Scheme of the Authorization header; none: default.vrd names the 1C user."
    )
    username: str | None = setting(
        None, "Login of the 1C user; basic needs it.", rule=rules.USER_NAME
    )
    password: Secret | None = setting(None, "Password of the 1C user; empty is an empty password.")
    token: Secret | None = setting(None, "Token that bearer sends.", rule=rules.FOREIGN_TOKEN)


@attrs.frozen(kw_only=True)
class OnecODataSettings:
    """A stock 1C, read through its OData interface (onec.backend: odata)."""

    profile: str = setting(
        "auto",
        "Profile of the configuration: auto, ut, unf, bp, bas_accounting, or the path of a file.",
    )
    currency: Literal["regl", "upr"] = setting(
        "regl", "Currency of amounts where 1C keeps two: accounting or management."
    )
    partial_data: Literal["refuse", "allow"] = setting(
        "refuse", "Whether figures may leave out what the 1C user may not read."
    )
    arguments: Literal["path", "query"] = setting(
        "path", "Where the arguments of virtual tables stand in a URL; `onecgw check` tries both."
    )
    max_url_bytes: int = setting(
        1900,
        "Longest path and query; filters beyond are applied by the gateway.",
        between=(500, 16_000),
    )
    max_rows: int = setting(
        200_000, "Rows of one answer; more are refused.", between=(1000, 5_000_000)
    )
    max_buckets: int = setting(
        62, "Days, weeks or months of one report; each is a call.", between=(1, 2000)
    )
    catalogue_ttl_sec: int = setting(
        600, "How long catalogues are kept; 0 = off.", between=(0, _DAY_SECONDS)
    )


@attrs.frozen(kw_only=True)
class OnecSettings:
    """The 1C base, and the limits of calls to it."""

    backend: Literal["http_service", "odata"] = setting(
        "http_service", "What answers in 1C: our HTTP service, or the standard OData interface."
    )
    base_url: str = setting(
        attrs.NOTHING,
        "https://1c.example.org/trade/hs; with OData the publication, .../trade.",
        rule=rules.BASE_URL,
    )
    auth: OnecAuthSettings = attrs.field(factory=OnecAuthSettings)
    timeout_ms: int = setting(
        8000,
        "Deadline of a whole call: queue, connect, 1C's work, read.",
        between=(100, _MINUTES_10_MS),
    )
    report_timeout_ms: int | None = setting(
        None,
        "The same for reports; empty: 45 000, with OData 180 000.",
        between=(100, _MINUTES_10_MS),
    )
    connect_timeout_ms: int = setting(
        3000, "Time to open a connection, within the deadline.", between=(50, 60_000)
    )
    tenant_header: str | None = setting(
        None, "Header that names the tenant; sent with default_tenant.", rule=rules.HEADER_NAME
    )
    default_tenant: str | None = setting(None, "Value of tenant_header.", rule=rules.HEADER_TEXT)
    ca_file: Path | None = setting(
        None, "PEM file of a private CA that signed 1C's certificate.", rule=rules.FILE
    )
    timezone: str | None = setting(
        None,
        "Zone of 1C's days, such as Europe/Kyiv; empty: that of this system.",
        rule=rules.TIMEZONE,
    )
    base_currency: str | None = setting(
        None, "Currency of the books, such as UAH, where 1C does not report it; empty: not said."
    )
    resolve_cache_ttl_sec: int = setting(
        600, "How long resolver answers are kept; 0 = off.", between=(0, _DAY_SECONDS)
    )
    balance_cache_ttl_sec: int = setting(
        3600, "How long balances of past days are kept; 0 = off.", between=(0, _DAY_SECONDS)
    )
    max_concurrency: int = setting(
        8, "Concurrent calls to 1C: each session takes a licence.", between=(1, 10_000)
    )
    max_queue: int = setting(256, "Calls that may wait in the queue.", between=(0, 10_000))
    session_mode: Literal["auto", "client", "off"] = setting(
        "auto", "Reuse of 1C sessions: auto: by the publication, client: by the gateway, off: none."
    )
    transport: Literal["auto", "direct", "httpx"] = setting(
        "auto", "What carries calls to 1C: own connections or httpx; auto: httpx with a proxy."
    )
    proxy: Secret | None = setting(
        None, "HTTP proxy towards 1C, as http://proxy.example.org:3128.", rule=rules.PROXY_URL
    )
    max_memory_bytes: int = setting(
        512 * _MIB,
        "Memory of all answers of 1C in flight, each counted twice; what does not fit is refused.",
        between=(_MIB, 64 * 1024 * _MIB),
    )
    breaker_failures: int = setting(
        5, "Consecutive failures that open the breaker; 0 = off.", between=(0, 1000)
    )
    breaker_pause_ms: int = setting(
        3000, "How long the breaker stays open.", between=(100, _MINUTES_10_MS)
    )
    odata: OnecODataSettings = attrs.field(factory=OnecODataSettings)

    def today(self) -> date:
        """The day that it is where 1C is."""
        zone = ZoneInfo(self.timezone) if self.timezone is not None else None
        return datetime.now(UTC).astimezone(zone).date()

    @property
    def uses_httpx(self) -> bool:
        """Whether httpx carries the calls instead of our own connections."""
        return self.transport == "httpx" or (self.transport == "auto" and self.proxy is not None)

    @property
    def report_deadline_ms(self) -> int:
        """The deadline of reports."""
        if self.report_timeout_ms is not None:
            return self.report_timeout_ms
        return max(self.timeout_ms, _REPORT_TIMEOUT_MS[self.backend])

    @property
    def resolver_deadline_ms(self) -> int:
        """The deadline of resolvers; over OData they may have to read a whole catalogue first."""
        return self.report_deadline_ms if self.backend == "odata" else self.timeout_ms


@attrs.frozen(kw_only=True)
class LimitsSettings:
    """Limits of one call and of one caller."""

    resolve_limit: int = setting(10, "Most candidates of a resolver.", between=(1, 1000))
    default_rows: int = setting(100, "Rows of an MCP report without `top`.", between=(1, 100_000))
    max_rows: int = setting(5000, "Most rows of a report.", between=(1, 100_000))
    max_analysis_rows: int = setting(
        100_000,
        "Longest list that an analysis reads whole; a longer one is refused.",
        between=(1, 1_000_000),
    )
    max_result_bytes: int = setting(
        80_000, "Largest MCP answer; rows beyond are cut.", between=(_KIB, 16 * _MIB)
    )
    max_request_bytes: int = setting(_MIB, "Largest request body.", between=(_KIB, 64 * _MIB))
    max_response_bytes: int = setting(
        64 * _MIB, "Largest answer of 1C.", between=(64 * _KIB, 1024 * _MIB)
    )
    stock_amount_scope: Literal["stock", "cost"] = setting(
        "stock", "The scope that opens the value of stock at cost: mcp:report:stock or :cost."
    )
    calls_per_minute: int = setting(
        300, "Calls per caller and minute; 0 = no limit.", between=(0, 1_000_000)
    )


@attrs.frozen(kw_only=True)
class McpSettings:
    """The MCP endpoint, POST /mcp."""

    enabled: bool = setting(True, "Whether /mcp is served at all.")
    bearer_token: Secret | None = setting(
        None, "Static token of MCP clients, for use without OAuth.", rule=rules.BEARER_TOKEN
    )
    scopes: tuple[str, ...] = setting(ALL_SCOPES, "Scopes of the static token.", choices=ALL_SCOPES)
    language: Literal["en", "uk", "ru"] = setting(
        DEFAULT_LANGUAGE, "Language of texts where neither the call nor its client names one."
    )
    toolsets: tuple[str, ...] = setting(
        TOOLSETS, "Which tools /mcp publishes; the others do not exist there.", choices=TOOLSETS
    )


@attrs.frozen(kw_only=True)
class ApiSettings:
    """The REST API: POST /resolve/* and /reports/*."""

    bearer_token: Secret | None = setting(
        None, "Token of REST callers; empty: no REST.", rule=rules.BEARER_TOKEN
    )
    scopes: tuple[str, ...] = setting(
        tuple(scope for scope in ALL_SCOPES if scope != COST),
        "Scopes of REST callers.",
        choices=ALL_SCOPES,
    )


@attrs.frozen(kw_only=True)
class MetricsSettings:
    """The metrics for Prometheus, GET /metrics; this computer reads them without a token."""

    bearer_token: Secret | None = setting(
        None, "Token of a Prometheus on another computer.", rule=rules.BEARER_TOKEN
    )


@attrs.frozen(kw_only=True)
class TracingSettings:
    """OpenTelemetry traces of the calls; they need the extra `otel`."""

    endpoint: str | None = setting(
        None, "URL of a collector, over OTLP/HTTP; empty: no traces.", rule=rules.COLLECTOR
    )


@attrs.frozen(kw_only=True)
class DatabaseSettings:
    """The database: logins and the audit."""

    path: Path = setting(
        Path("data/onecgw.db"),
        "The SQLite file; its folder is made if need be.",
        rule=rules.FOLDER_FILE,
    )


@attrs.frozen(kw_only=True)
class AuditSettings:
    """The audit in the database; it is always written to the log as well."""

    retention_days: int = setting(
        90, "Days that the database keeps it; 0 = only the log.", between=(0, 36_500)
    )
    on_failure: Literal["deny", "allow"] = setting(
        "deny", "Whether calls are denied while it cannot be written."
    )


@attrs.frozen(kw_only=True)
class Settings:
    """All settings of the gateway."""

    server: ServerSettings = attrs.field(factory=ServerSettings)
    log: LogSettings = attrs.field(factory=LogSettings)
    onec: OnecSettings
    limits: LimitsSettings = attrs.field(factory=LimitsSettings)
    mcp: McpSettings = attrs.field(factory=McpSettings)
    api: ApiSettings = attrs.field(factory=ApiSettings)
    oauth: OauthSettings = attrs.field(factory=OauthSettings)
    metrics: MetricsSettings = attrs.field(factory=MetricsSettings)
    tracing: TracingSettings = attrs.field(factory=TracingSettings)
    database: DatabaseSettings = attrs.field(factory=DatabaseSettings)
    audit: AuditSettings = attrs.field(factory=AuditSettings)

    @property
    def issuer(self) -> str:
        """The public origin of the gateway; "" if it is not set."""
        return self.oauth.public_url or self.server.public_url or ""

    @property
    def resource(self) -> str:
        """The protected resource of access tokens (RFC 8707)."""
        return self.oauth.resource or f"{self.issuer}/mcp"

    @property
    def secrets_path(self) -> Path:
        """The file with the secrets that protect the database."""
        return self.oauth.secrets_path or self.database.path.with_suffix(".secrets")

    @property
    def longest_deadline_ms(self) -> int:
        """The longest deadline of any call."""
        return max(self.onec.timeout_ms, self.onec.report_deadline_ms)

    @property
    def shutdown_grace_seconds(self) -> int:
        """How long a stop waits for running calls; longer than their longest deadline."""
        if self.server.shutdown_grace_s is not None:
            return self.server.shutdown_grace_s
        return -(-self.longest_deadline_ms // 1000) + _GRACE_BEYOND_DEADLINE_SECONDS
