"""The settings: one frozen value, read from config.yml and the environment by `settings.load`."""

from onecgw.settings.declaration import Duration, Secret
from onecgw.settings.oauth import OauthSettings, RateLimitSettings, RedirectSettings
from onecgw.settings.schema import (
    ApiSettings,
    AuditSettings,
    DatabaseSettings,
    LimitsSettings,
    LogSettings,
    McpSettings,
    MetricsSettings,
    OnecAuthSettings,
    OnecODataSettings,
    OnecSettings,
    ServerSettings,
    Settings,
    TracingSettings,
)

__all__ = [
    "ApiSettings",
    "AuditSettings",
    "DatabaseSettings",
    "Duration",
    "LimitsSettings",
    "LogSettings",
    "McpSettings",
    "MetricsSettings",
    "OauthSettings",
    "OnecAuthSettings",
    "OnecODataSettings",
    "OnecSettings",
    "RateLimitSettings",
    "RedirectSettings",
    "Secret",
    "ServerSettings",
    "Settings",
    "TracingSettings",
]
