"""The bundle (.mcpb) with which Claude Desktop starts `onecgw stdio` and asks for its settings.

Source: the manifest of version 0.4 of https://github.com/anthropics/mcpb.
"""

import sys
import zipfile
from pathlib import Path
from typing import Final

import attrs
import msgspec

from onecgw import __version__
from onecgw.auth.caller import ALL_SCOPES
from onecgw.cli.language import translate

MANIFEST: Final = "manifest.json"
ENTRY_POINT: Final = "server/main.py"
_PROGRAM: Final = '''\
"""Starts `onecgw stdio` with the settings that Claude Desktop puts into the environment."""

from onecgw.cli import main

main(["stdio"])
'''


@attrs.frozen(kw_only=True)
class BundleDefaults:
    """What the form of Claude Desktop shows before the person changes it."""

    base_url: str = ""
    backend: str = "http_service"
    username: str = ""
    scopes: tuple[str, ...] = ALL_SCOPES


def write_bundle(path: Path, defaults: BundleDefaults) -> None:
    """Write the bundle. It starts the Python that runs now, in which onecgw is installed.

    Raises:
        OSError: it cannot be written.
    """
    manifest = msgspec.json.format(msgspec.json.encode(make_manifest(defaults)), indent=2)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr(MANIFEST, manifest)
        bundle.writestr(ENTRY_POINT, _PROGRAM)


def make_manifest(defaults: BundleDefaults) -> dict[str, object]:
    """Return the manifest, without secrets: Claude Desktop asks for the password and keeps it."""
    return {
        "manifest_version": "0.4",
        "name": "onecgw",
        "display_name": "1C:Enterprise (onecgw)",
        "version": __version__,
        "description": translate("Ask the books of a company in 1C:Enterprise."),
        "author": {"name": "onecgw"},
        "license": "MIT",
        "keywords": ["1C", "accounting", "reports"],
        "server": {
            "type": "python",
            "entry_point": ENTRY_POINT,
            "mcp_config": {
                "command": sys.executable,
                "args": [f"${{__dirname}}/{ENTRY_POINT}"],
                "env": {
                    "ONECGW_ONEC__BASE_URL": "${user_config.base_url}",
                    "ONECGW_ONEC__BACKEND": "${user_config.backend}",
                    "ONECGW_ONEC__AUTH__USERNAME": "${user_config.username}",
                    "ONECGW_ONEC__AUTH__PASSWORD": "${user_config.password}",
                    "ONECGW_MCP__SCOPES": "${user_config.scopes}",
                    # The one who starts the process is its only caller; there is no login.
                    "ONECGW_OAUTH__ENABLED": "false",
                    # The working directory of Claude Desktop is not one to write into.
                    "ONECGW_DATABASE__PATH": "${HOME}/.onecgw/onecgw.db",
                },
            },
        },
        "tools_generated": True,
        "prompts_generated": True,
        "compatibility": {"platforms": [sys.platform], "runtimes": {"python": ">=3.11"}},
        "user_config": _questions(defaults),
    }


def _questions(defaults: BundleDefaults) -> dict[str, dict[str, object]]:
    """The fields of the form. Each has a default: an unset one would be passed on as `${…}`."""
    return {
        "base_url": _question(
            translate("Address of 1C"),
            translate("URL of 1C's HTTP service, up to and with /hs"),
            default=defaults.base_url,
        ),
        "backend": _question(
            translate("Interface of 1C"),
            translate("http_service, or odata for a stock 1C"),
            default=defaults.backend,
        ),
        "username": _question(
            translate("1C user"),
            translate("The login of the 1C user under which the gateway calls 1C."),
            default=defaults.username,
        ),
        "password": {
            **_question(translate("Password"), translate("Its password"), default=""),
            "sensitive": True,
            "required": False,  # a 1C user may have none
        },
        "scopes": _question(
            translate("What Claude may see"),
            translate("Scopes, comma separated: {scopes}.").format(scopes=", ".join(ALL_SCOPES)),
            default=",".join(defaults.scopes),
        ),
    }


def _question(title: str, description: str, *, default: str) -> dict[str, object]:
    return {
        "type": "string",
        "title": title,
        "description": description,
        "required": True,
        "default": default,
    }
