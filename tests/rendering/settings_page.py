"""Render docs/reference/settings.md from the settings."""

from collections.abc import Iterator
from typing import Final

from onecgw.settings import Settings
from onecgw.settings.declaration import DeclaredSetting, walk_schema
from onecgw.settings.messages import describe_accepted
from tests.rendering.files import ROOT

PAGE: Final = ROOT / "docs" / "reference" / "settings.md"

HEAD: Final = """\
# Settings

<!-- Rendered from onecgw/settings/schema.py by `python -m tests.render`. -->

`onecgw serve` reads one YAML file: that of `--config`, else that of the variable `CONFIG_PATH`,
else `config/config.local.yml` if there is one, else `config/config.yml`. The shipped
`config/config.yml` holds every setting with its default.

- **Values** are read as the table says, not as YAML would guess: a password `0123` or `yes` is
  that text; booleans are `true` and `false` only. An empty value means: not set, so the default
  holds. Anchors, tags, unknown and repeated settings are refused.
- **Environment.** Each setting has a variable, which wins over the file: `ONECGW_`, then its name
  in capitals with `__` for the dot, as `ONECGW_ONEC__BASE_URL`. Lists are comma separated. An empty
  variable counts as absent; an unknown `ONECGW_` variable is refused.
- **Secrets** may come from a file that the variable with `_FILE` names, as
  `ONECGW_ONEC__AUTH__PASSWORD_FILE=/run/secrets/onec`; one line end at its end is dropped.
- **Paths** that are relative start at the folder of the settings file; if that is named `config`,
  at the folder above it. A secret in the file may stand in a file of its own:
  `onec.auth.password_file` ([commands](commands.md#secrets-in-files)).
- **Mistakes** stop the start. All are reported at once, each with file, line and column (or the
  variable), setting, value and what is accepted; the value of a secret is never shown.

Each command needs only its own settings. `onecgw serve` needs something to serve:
`oauth.public_url`, or `oauth.enabled: false` with `mcp.bearer_token` or `api.bearer_token`. The two
tokens must differ, because their scopes do. `onecgw stdio` and `onecgw check` need only the section
`onec`; the commands `keys`, `grants` and `audit` need no login of a 1C user.
"""


def render_settings_page() -> str:
    return HEAD + "".join(_lines())


def _lines() -> Iterator[str]:
    for node in walk_schema(Settings):
        if isinstance(node, DeclaredSetting):
            cells = (f"`{node.key}`", _default(node), _accepted(node), node.setting.about)
            yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"
        elif "." not in node.key:
            yield f"\n## {node.key}\n\n{node.about}\n\n"
            yield "| setting | default | accepted | what it is |\n|---|---|---|---|\n"


def _default(declared: DeclaredSetting) -> str:
    if declared.is_required:
        return "required"
    if declared.default is None or declared.default == ():
        return ""
    if isinstance(declared.default, tuple):
        return ", ".join(f"`{item}`" for item in declared.default)
    return f"`{str(declared.default).lower() if declared.kind is bool else declared.default}`"


def _accepted(declared: DeclaredSetting) -> str:
    return describe_accepted(declared) + (" (secret)" if declared.is_secret else "")
