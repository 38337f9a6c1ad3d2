"""The only reader of config.yml and the environment: both become one frozen Settings."""

from onecgw.settings.declaration import Duration, Secret
from onecgw.settings.load import find_config, load_settings
from onecgw.settings.oauth import OauthSettings, RateLimitSettings, RedirectSettings
from onecgw.settings.schema import (
    ApiSettings,
    AuditSettings,
    DatabaseSettings,
    LimitsSettings,
    LogSettings,
    McpSettings,
    OnecAuthSettings,
    OnecSettings,
    ServerSettings,
    Settings,
)

__all__ = [
    "ApiSettings",
    "AuditSettings",
    "DatabaseSettings",
    "Duration",
    "LimitsSettings",
    "LogSettings",
    "McpSettings",
    "OauthSettings",
    "OnecAuthSettings",
    "OnecSettings",
    "RateLimitSettings",
    "RedirectSettings",
    "Secret",
    "ServerSettings",
    "Settings",
    "find_config",
    "load_settings",
]
