"""How a gateway is added to each client: commands, files and fields, with its real URL."""

import json
import re
import shlex
from collections.abc import Callable, Mapping
from typing import Final, Literal

import attrs

from onecgw.cli.language import translate

Shell = Literal["sh", "cmd", "powershell"]

NAME: Final = "onecgw"
TOKEN_VARIABLE: Final = "MCP_TOKEN"  # noqa: S105 - the name of a variable
_PLAIN: Final = re.compile(r"[\w./:@-]+")
_LIST_TOOLS: Final = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}


@attrs.frozen(kw_only=True)
class GatewayAddress:
    """The gateway that a client is to reach.

    url: of the MCP endpoint.
    has_login: people log in; False: clients send the static token of mcp.bearer_token.
    shell: for which the commands are quoted.
    token_file: that of mcp.bearer_token_file, where it is on this computer.
    """

    url: str
    has_login: bool
    shell: Shell
    token_file: str = ""

    @property
    def token(self) -> str:
        """The static token as this shell reads it from TOKEN_VARIABLE."""
        name = TOKEN_VARIABLE
        return {"sh": f"${name}", "cmd": f"%{name}%", "powershell": f"$env:{name}"}[self.shell]

    @property
    def curl(self) -> str:
        """The program curl: `curl` alone is another command in Windows PowerShell."""
        return "curl" if self.shell == "sh" else "curl.exe"

    def quote(self, text: str) -> str:
        """Return one argument of a command, quoted for the shell."""
        if self.shell == "sh":
            return shlex.quote(text)
        if self.shell == "cmd":
            # A backslash before a quote is the rule of Microsoft's C runtime.
            return text if _PLAIN.fullmatch(text) else '"' + text.replace('"', '\\"') + '"'
        # PowerShell passes inner quotes to the .cmd files of npm only behind a backslash.
        return "'" + text.replace("'", "''").replace('"', '\\"') + "'"

    def header_option(self, option: str) -> str:
        """Return the option of a command that sends the static token; "" with a login."""
        # In double quotes every one of the three shells puts the value of the variable in.
        return "" if self.has_login else f' {option} "Authorization: Bearer {self.token}"'

    def server(self, reference: str, key: str = "url") -> dict[str, object]:
        """Return the members of a JSON file that name the server.

        Args:
            reference: how the client's files refer to TOKEN_VARIABLE.
            key: the member for the URL.
        """
        headers = {"headers": {"Authorization": f"Bearer {reference}"}}
        return {key: self.url, **({} if self.has_login else headers)}

    def set_variable(self) -> str:
        """Return the command that sets TOKEN_VARIABLE; "" with a login."""
        if self.has_login:
            return ""
        value, path = "the-value-of-mcp.bearer_token", self.token_file
        if self.shell == "powershell":
            inside = path.replace("'", "''")
            read = f"(Get-Content -LiteralPath '{inside}' -Raw).Trim()" if path else f"'{value}'"
            return f"$env:{TOKEN_VARIABLE} = {read}\n"
        if self.shell == "cmd":
            read = f'/p {TOKEN_VARIABLE}=<"{path}"' if path else f"{TOKEN_VARIABLE}={value}"
            return f"set {read}\n"
        read = f'"$(cat {shlex.quote(path)})"' if path else f"'{value}'"
        return f"export {TOKEN_VARIABLE}={read}\n"

    def after_login(self, text: str) -> str:
        """Return the line that says how to log in; "" without a login."""
        return f"{text}\n" if self.has_login else ""

    def needs_login(self, steps: str) -> str:
        """Return the steps in a client that knows no static token."""
        if self.has_login:
            return steps
        hint = translate("This client logs in and takes no static token: set oauth.enabled: true.")
        return f"{hint}\n"


def _file(path: str, value: object) -> str:
    return f"{path}:\n{json.dumps(value, indent=2)}\n"


def _servers(path: str, server: object) -> str:
    """The file that most clients have: their servers by name."""
    return _file(path, {"mcpServers": {NAME: server}})


def _claude(address: GatewayAddress) -> str:
    return address.needs_login(f"""\
claude.ai or Claude Desktop → Settings → Connectors → Add custom connector
  Name: {NAME}
  URL:  {address.url}
{translate("Leave the advanced fields empty, then press Connect.")}
{translate("Claude calls it from the internet over https.")}
""")


def _claude_code(address: GatewayAddress) -> str:
    then = translate("Then type /mcp in Claude Code, choose onecgw, Authenticate.")
    return (
        f"claude mcp add --transport http {NAME} {address.quote(address.url)}"
        f"{address.header_option('--header')}\n{address.after_login(then)}"
    )


def _claude_desktop(address: GatewayAddress) -> str:
    path = (
        "%APPDATA%\\Claude\\claude_desktop_config.json (macOS: "
        "~/Library/Application Support/Claude/claude_desktop_config.json)"
    )
    return "\n".join(
        (
            translate("A URL on the internet: add it as `onecgw connect claude` says."),
            translate(
                "A gateway on this computer: --bundle FILE writes what Claude Desktop installs."
            ),
            translate("Any other, through mcp-remote:"),
            _servers(path, _bridge(address)),
        )
    )


def _chatgpt(address: GatewayAddress) -> str:
    return address.needs_login(f"""\
ChatGPT on the web → Settings → Apps & Connectors → Advanced settings: Developer mode on; Create
  Name:           {NAME}
  MCP server URL: {address.url}
  Authentication: OAuth
{translate("Then press Connect.")}
{translate("ChatGPT calls it from the internet over https.")}
""")


def _codex(address: GatewayAddress) -> str:
    url = address.quote(address.url)
    if address.has_login:
        return f"codex mcp add {NAME} --url {url}\ncodex mcp login {NAME}\n"
    return f"codex mcp add {NAME} --url {url} --bearer-token-env-var {TOKEN_VARIABLE}\n"


def _gemini(address: GatewayAddress) -> str:
    then = translate("Then type /mcp auth onecgw in Gemini CLI.")
    return (
        f"gemini mcp add --transport http{address.header_option('--header')} {NAME}"
        f" {address.quote(address.url)}\n{address.after_login(then)}"
    )


def _opencode(address: GatewayAddress) -> str:
    server = {"type": "remote", **address.server(f"{{env:{TOKEN_VARIABLE}}}")}
    schema = {"$schema": "https://opencode.ai/config.json", "mcp": {NAME: server}}
    return (
        _file("opencode.json (or ~/.config/opencode/opencode.json)", schema)
        + translate("Version 2 expects the server one level deeper:")
        + ' "mcp": {"servers": {…}}\n'
        + address.after_login(f"{translate('Then:')} opencode mcp auth {NAME}")
    )


def _cursor(address: GatewayAddress) -> str:
    server = address.server(f"${{env:{TOKEN_VARIABLE}}}")
    then = f"{translate('Then:')} Cursor Settings → MCP → onecgw → Needs login"
    return _servers("~/.cursor/mcp.json", server) + address.after_login(then)


def _vscode(address: GatewayAddress) -> str:
    server = {"name": NAME, "type": "http", "url": address.url}
    add = f"code --add-mcp {address.quote(json.dumps(server, separators=(',', ':')))}\n"
    if address.has_login:
        then = f"{translate('Then:')} Command Palette → MCP: List Servers → onecgw → Start Server\n"
        return add + then
    inputs = [{"id": "token", "type": "promptString", "description": "Token", "password": True}]
    servers = {NAME: {"type": "http", **address.server("${input:token}")}}
    return _file(".vscode/mcp.json", {"inputs": inputs, "servers": servers})


def _copilot(address: GatewayAddress) -> str:
    server = {"type": "http", **address.server(f"${{{TOKEN_VARIABLE}}}"), "tools": ["*"]}
    return _servers("GitHub Copilot CLI, ~/.copilot/mcp-config.json", server)


def _windsurf(address: GatewayAddress) -> str:
    server = address.server(f"${{env:{TOKEN_VARIABLE}}}", "serverUrl")
    return _servers("~/.codeium/windsurf/mcp_config.json", server)


def _jetbrains(address: GatewayAddress) -> str:
    path = "Settings → Tools → AI Assistant → Model Context Protocol (MCP) → Add → As JSON"
    through = translate("An IDE that knows only local servers")
    return _servers(path, address.server(f"<{TOKEN_VARIABLE}>")) + _servers(
        through, _bridge(address)
    )


def _bridge(address: GatewayAddress) -> dict[str, object]:
    """The local server that passes everything on to a URL; Node.js must be installed."""
    arguments = ["-y", "mcp-remote", address.url]
    if address.has_login:
        return {"command": "npx", "args": arguments}
    # mcp-remote replaces ${…} itself. Without a space, because npx on Windows loses what follows.
    arguments += ["--header", f"Authorization:${{{TOKEN_VARIABLE}}}"]
    variables = {TOKEN_VARIABLE: "Bearer the-value-of-mcp.bearer_token"}
    return {"command": "npx", "args": arguments, "env": variables}


def _mcp_remote(address: GatewayAddress) -> str:
    option = address.header_option("--header")
    url = address.quote(address.url)
    path = translate("A client with a file of local servers")
    return f"npx -y mcp-remote {url}{option}\n" + _servers(path, _bridge(address))


def _inspector(address: GatewayAddress) -> str:
    if address.has_login:
        return (
            "npx @modelcontextprotocol/inspector\nServers → Add Servers → Add manually."
            f" Transport Type: Streamable HTTP; URL: {address.url}\n"
        )
    return (
        f"npx @modelcontextprotocol/inspector --cli {address.quote(address.url)}"
        f" --transport http --method tools/list{address.header_option('--header')}\n"
    )


def _n8n(address: GatewayAddress) -> str:
    authentication = "MCP OAuth2" if address.has_login else "Bearer Auth, with the static token"
    return f"""\
Node MCP Client Tool
  Endpoint:         {address.url}
  Server Transport: HTTP Streamable
  Authentication:   {authentication}
"""


def _curl(address: GatewayAddress) -> str:
    url = address.url
    if address.has_login:
        scheme, _, rest = url.partition("://")
        host, _, path = rest.partition("/")
        metadata = f"{scheme}://{host}/.well-known/oauth-protected-resource/{path}"
        return (
            translate("What a client learns first; calls need a login, which curl cannot do:")
            + f"\n{address.curl} -sS {address.quote(metadata)}\n"
        )
    body = json.dumps(_LIST_TOOLS, separators=(",", ":"))
    options = f'-H "Authorization: Bearer {address.token}" -H "Content-Type: application/json"'
    if address.shell == "powershell":
        # Quotes inside an argument are passed on differently by PowerShell 5 and 7; stdin is not.
        return f"'{body}' | curl.exe -sS '{url}' {options} -d '@-'\n"
    return f"{address.curl} -sS {address.quote(url)} {options} -d {address.quote(body)}\n"


CLIENTS: Final[Mapping[str, Callable[[GatewayAddress], str]]] = {
    "claude": _claude,
    "claude-code": _claude_code,
    "claude-desktop": _claude_desktop,
    "chatgpt": _chatgpt,
    "codex": _codex,
    "gemini": _gemini,
    "opencode": _opencode,
    "cursor": _cursor,
    "vscode": _vscode,
    "copilot": _copilot,
    "windsurf": _windsurf,
    "jetbrains": _jetbrains,
    "mcp-remote": _mcp_remote,
    "inspector": _inspector,
    "n8n": _n8n,
    "curl": _curl,
}
"""The text for each client."""

SENDS_VARIABLE: Final = frozenset(CLIENTS) - {"claude", "chatgpt", "jetbrains", "n8n", "vscode"}
"""Clients whose text refers to TOKEN_VARIABLE where there is no login."""


def describe_client(name: str, address: GatewayAddress) -> str:
    """Return what to paste to add the gateway to a client, ready for the shell."""
    before = address.set_variable() if name in SENDS_VARIABLE else ""
    return before + CLIENTS[name](address)
