"""The text of the first settings file: only what matters, each line with its reason."""

from typing import Final

import attrs

SCHEMA_NAME: Final = "onecgw.schema.json"


@attrs.frozen(kw_only=True)
class FirstSettings:
    """What `onecgw init` was given.

    public_url: the origin for clients; "" = none yet, and a static token instead of logins.
    password_file, token_file: as they stand in the settings; None = no such secret.
    """

    base_url: str
    username: str
    public_url: str
    password_file: str | None
    token_file: str | None

    def render(self) -> str:
        """Return the text of the settings file."""
        return f"""\
# yaml-language-server: $schema={SCHEMA_NAME}
# The settings of onecgw. Everything that is not here has its default, which
# `onecgw config show --redacted` prints. Relative paths start at the folder of this file; if that
# is named `config`, at the folder above it.

onec:
  # What stands before /mcp/... in the URL of 1C's HTTP service.
  base_url: {_quoted(self.base_url)}
  auth:
    # The 1C user under which the gateway calls 1C. Its password is in a file of its own.
    username: {_quoted(self.username)}
{_line("    password_file", self.password_file)}  # A report may take longer than a search.
  report_timeout_ms: 45000

{self._clients()}
database:
  # Logins and the audit. Beside it stands the file of secrets without which it cannot be read.
  path: data/onecgw.db
"""

    def _clients(self) -> str:
        if self.public_url:
            return f"""\
oauth:
  # The https origin under which clients reach the gateway; people log in there with a key.
  public_url: {_quoted(self.public_url)}
"""
        return f"""\
# No logins yet: clients on this computer send one static token. With an https origin set
# oauth.public_url, and remove `oauth.enabled` and `mcp.bearer_token_file`.
oauth:
  enabled: false
mcp:
{_line("  bearer_token_file", self.token_file)}server:
  # Only this computer can connect.
  host: 127.0.0.1
"""


def _line(key: str, value: str | None) -> str:
    return "" if value is None else f"{key}: {_quoted(value)}\n"


def _quoted(text: str) -> str:
    """Return a YAML scalar in single quotes, which is the same text whatever it contains."""
    return "'" + text.replace("'", "''") + "'"
