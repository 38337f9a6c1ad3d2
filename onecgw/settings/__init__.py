"""The only reader of config.yml and the environment: both become one frozen Settings."""

from onecgw.settings.load import find_config, load_settings
from onecgw.settings.setting import Secret
from onecgw.settings.tree import (
    ApiSettings,
    LimitsSettings,
    LogSettings,
    McpSettings,
    OauthSettings,
    OnecAuthSettings,
    OnecSettings,
    ServerSettings,
    Settings,
)

__all__ = [
    "ApiSettings",
    "LimitsSettings",
    "LogSettings",
    "McpSettings",
    "OauthSettings",
    "OnecAuthSettings",
    "OnecSettings",
    "Secret",
    "ServerSettings",
    "Settings",
    "find_config",
    "load_settings",
]
