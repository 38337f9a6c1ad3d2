"""docs/reference/settings.md is rendered from the tree: run this file to write it anew."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from onecgw.settings import Settings
from onecgw.settings.declaration import Leaf, walk
from onecgw.settings.messages import accepted

PAGE: Final = Path(__file__).parents[2] / "docs" / "reference" / "settings.md"

HEAD: Final = """\
# Settings

<!-- Rendered from onecgw/settings/schema.py by `python -m tests.settings.test_reference`. -->

`onecgw serve` reads one YAML file: that of `--config`, else that of the variable `CONFIG_PATH`,
else `config/config.local.yml` if there is one, else `config/config.yml`. The shipped
`config/config.yml` holds every key with its default.

- **Values** are read as the table says, not as YAML would guess: a password `0123` or `yes` is
  that text; booleans are `true` and `false` only. An empty value means: not set, so the default
  holds. Anchors, tags, unknown and repeated keys are refused.
- **Environment.** Each key has a variable, which wins over the file: `ONECGW_`, then the key in
  capitals with `__` for the dot, as `ONECGW_ONEC__BASE_URL`. Lists are comma separated. An empty
  variable counts as absent; an unknown `ONECGW_` variable is refused.
- **Secrets** may come from a file that the variable with `_FILE` names, as
  `ONECGW_ONEC__AUTH__PASSWORD_FILE=/run/secrets/onec`; one line end at its end is dropped.
- **Paths** start from the working directory.
- **Mistakes** stop the start. All are reported at once, each with file, line and column (or the
  variable), key, value and what is accepted; the value of a secret is never shown.

At least one of `mcp.bearer_token` and `api.bearer_token` must be set, or there is nothing to
serve. They must differ, since their scopes do.
"""


def render_reference() -> str:
    return HEAD + "".join(_lines())


def _lines() -> Iterator[str]:
    for node in walk(Settings):
        if isinstance(node, Leaf):
            cells = (f"`{node.key}`", _default(node), _accepted(node), node.setting.about)
            yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"
        elif "." not in node.key:
            yield f"\n## {node.key}\n\n{node.about}\n\n"
            yield "| key | default | accepted | what it is |\n|---|---|---|---|\n"


def _default(leaf: Leaf) -> str:
    if leaf.is_required:
        return "required"
    if leaf.default is None or leaf.default == ():
        return ""
    if isinstance(leaf.default, tuple):
        return ", ".join(f"`{item}`" for item in leaf.default)
    return f"`{str(leaf.default).lower() if leaf.kind is bool else leaf.default}`"


def _accepted(leaf: Leaf) -> str:
    return accepted(leaf) + (" (secret)" if leaf.is_secret else "")


def test_the_page_on_settings_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == render_reference()


if __name__ == "__main__":
    PAGE.write_text(render_reference(), encoding="utf-8", newline="\n")
