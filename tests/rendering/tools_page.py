"""Render docs/reference/tools.md from the catalogue and the answers of the demo."""

import json
from collections.abc import Iterator
from typing import Any, Final

import httpx
import trio

from onecgw.app.serve_demo import DEMO_API_TOKEN, DEMO_MCP_TOKEN
from onecgw.auth.caller import ALL_SCOPES, COST_MEASURES
from onecgw.catalogue.json_schema import input_schema
from onecgw.catalogue.kinds.single_call import CardTool
from onecgw.catalogue.kinds.tool import Tool
from onecgw.catalogue.tools import ALL, BY_NAME
from onecgw.demo.books import Books
from tests.builders.gateway_rig import view_of
from tests.catalogue_truth import TRUTH, Found
from tests.conftest import TODAY
from tests.rendering.files import ROOT
from tests.test_every_tool import open_demo

PAGE: Final = ROOT / "docs" / "reference" / "tools.md"
WIDTH: Final = 110  # a row of a report mostly fits
SECONDS: Final = 60


REFUSED: Final = {"period": {"from": "2025-03-31", "to": "2025-03-01"}, "filter": {}, "top": "ten"}

HEAD: Final = """\
# Tools

<!-- Rendered from onecgw/catalogue/tools and the demo's books by `python -m tests.render`. -->

Each tool is called over MCP (`tools/call`) and over REST (`POST` with the arguments as JSON body).
Days are `YYYY-MM-DD`. In `filters` all given filters apply together. An argument that is left out,
or is `null`, takes its default in 1C; empty arrays are refused. Numbers above their maximum are
lowered, and the answer's `notice` says so. Measures marked * need the scope `mcp:report:cost`.

What models often get wrong is accepted: a whole number as a text, a boolean as `"true"`, an object
or an array as a JSON text, one text where an array of texts is due. Everything else is refused, all
problems at once, each with its path.

{index}
## Answers

A resolver answers `{"candidates": [{"id", "label", …}]}`. A report answers `columns`, `rows`
(cells in the order of the columns; a reference is `{"id", "label"}`, of a product also with `code`
and `unit`, and with `parent` where labels repeat), `totals` over the whole selection, and whatever
else 1C says (`period`, `applied_filters`, `notes`). `as_of` is the day of the last document, where
1C says it. The gateway adds:

| member | meaning |
|---|---|
| `rows_returned` | how many rows are in this answer |
| `truncated` | true when more rows exist than are in this answer |
| `notice` | what was cut or lowered, how to narrow the question, days after the last document |
| `currency` | of all money in the answer; absent where it is not known, or where rows differ |
| `totals_by_currency` | the parts of a total that is `null`: its rows are in several currencies |
| `totals_by_unit` | likewise of quantities whose rows are in several units |

Texts (`notice`, `notes`, `warnings`, `headline`, `basis`, `proof`, errors) are in `language`, an
argument of every tool: `en`, `uk` or `ru`. Without it they are in the language of the client
(`Accept-Language`, or `openai/locale` in `_meta`), else in `mcp.language`. Codes, names of members
and figures are the same in every language.

Without `top` an answer has at most `limits.default_rows` rows over MCP, `limits.max_rows` over
REST. An MCP answer larger than `limits.max_result_bytes` loses rows from its end and says so.

## Over REST

The token is `api.bearer_token`; a body is a JSON object in UTF-8. `GET /openapi.json` describes the
routes that the token opens (OpenAPI 3.1); `GET /docs` shows all of them as a page, without a token.
"""
OVER_REST: Final = """
The answer is HTTP 200 with `Content-Type: application/json` and `X-Request-Id`; below each tool
only its path, body and answer are shown. A refusal has another status and says what to correct:
"""
OVER_MCP: Final = """
What each status and code means is in [errors](errors.md).

## Over MCP

The answer of a tool is `structuredContent`; `content[0].text` is the same JSON as a text. A client
of the revision 2026-07-28 sends three headers that mirror the body:
"""
LEGACY: Final = """
Clients of older revisions leave `_meta` and those headers out and may keep a session; see
[MCP, exactly](mcp.md). Below each tool its message is shown in this shorter form. The same refusal
as above is no error of the protocol, so that the model reads it and calls again:
"""
EXAMPLES_HEAD: Final = f"""
## The examples

They are what `onecgw demo --size small --today {TODAY}` answers to a caller with all scopes. Both
surfaces answer the same; a test asks both. They are short because they ask for little (`top`,
`limit`); `totals` still cover everything.
"""


def _index() -> str:
    rows = (
        f"| [{tool.name}](#{tool.name}) | {tool.title} | {_scopes(tool)} | `{tool.rest_path}` |\n"
        for tool in ALL
    )
    return "| tool | | needs | REST |\n|---|---|---|---|\n" + "".join(rows)


def _scopes(tool: Tool) -> str:
    return ", ".join(f"`{scope}`" for scope in sorted(tool.scopes))


async def render_tools_page(books: Books) -> str:
    with trio.fail_after(SECONDS):
        async with open_demo(books) as client:
            page = HEAD.replace("{index}", _index()) + await _surfaces(client)
            for tool in ALL:
                page += "".join(_declaration(tool)) + await _example(client, tool)
    return page


# What is declared.


def _declaration(tool: Tool) -> Iterator[str]:
    yield f"\n## {tool.name}\n\n{tool.about}\n\n"
    yield f"Scope {_scopes(tool)}. REST `POST {tool.rest_path}`."
    yield " Passed through as 1C answers it." if isinstance(tool, CardTool) else ""
    schemas = f"../../tests/catalogue/snapshots/{tool.name}.json"
    yield f" Its [schemas]({schemas}) as MCP publishes them.\n\n"
    yield "| argument | type | what it is |\n|---|---|---|\n"
    schema = input_schema(tool, view_of(frozenset(ALL_SCOPES)))
    yield from _rows(schema, path="")


def _rows(schema: dict[str, Any], path: str) -> Iterator[str]:
    for name, value in schema["properties"].items():
        required = " **required**" if name in schema.get("required", ()) else ""
        yield f"| `{path}{name}`{required} | {_type(value)} | {value['description']} |\n"
        inner = value.get("items", value)
        if "properties" in inner:
            yield from _rows(inner, path=f"{path}{name}{'[]' if inner is not value else ''}.")


def _type(schema: dict[str, Any]) -> str:
    if schema["type"] == "array":
        return f"array of {_type(schema['items'])}"
    if "enum" in schema:
        return ", ".join(
            f"`{member}`{'*' if member in COST_MEASURES else ''}" for member in schema["enum"]
        )
    if schema["type"] == "integer":
        return f"integer from {schema['minimum']} to {schema['maximum']}"
    return "day" if schema.get("format") == "date" else str(schema["type"])


# Requests and answers.


async def _surfaces(client: httpx.AsyncClient) -> str:
    """One call and one refusal in full, over each surface."""
    report, operation = BY_NAME["sales_report"], BY_NAME["resolve_operation"]
    arguments = TRUTH[operation.name].example.arguments
    refusal = await _post(client, report.rest_path, REFUSED, token=DEMO_API_TOKEN)
    assert refusal.status_code == 400
    meta = {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "example", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    message = _message(operation, arguments)
    message["params"] = {"_meta": meta, **message["params"]}
    headers = {
        "Accept": "application/json, text/event-stream",
        "MCP-Protocol-Version": "2026-07-28",
        "Mcp-Method": "tools/call",
        "Mcp-Name": operation.name,
    }
    called = await _post(client, "/mcp", message, token=DEMO_MCP_TOKEN, headers=headers)
    refused = await _post(client, "/mcp", _message(report, REFUSED), token=DEMO_MCP_TOKEN)
    return "".join(
        (
            _http(operation.rest_path, arguments, headers=_headers(DEMO_API_TOKEN)),
            OVER_REST,
            _http(report.rest_path, REFUSED),
            _json(_parsed(refusal) | {"request_id": "…"}),
            OVER_MCP,
            _http("/mcp", message, headers=_headers(DEMO_MCP_TOKEN) | headers),
            _json(_parsed(called)),
            LEGACY,
            _json(_parsed(refused)),
            EXAMPLES_HEAD,
        )
    )


async def _example(client: httpx.AsyncClient, tool: Tool) -> str:
    example = TRUTH[tool.name].example
    arguments = await _filled(client, example.arguments)
    answer = _parsed(await _post(client, tool.rest_path, arguments, token=DEMO_API_TOKEN))
    message = _message(tool, arguments)
    over_mcp = _parsed(await _post(client, "/mcp", message, token=DEMO_MCP_TOKEN))
    assert over_mcp["result"]["structuredContent"] == answer
    left_out = " and ".join(f"`{name}`" for name in example.without)
    return "".join(
        (
            _http(tool.rest_path, arguments),
            f"\nThe answer, without {left_out}:\n" if left_out else "",
            _json({name: value for name, value in answer.items() if name not in example.without}),
            "\nOver MCP:\n",
            _call(message),
        )
    )


def _message(tool: Tool, arguments: dict[str, Any]) -> dict[str, Any]:
    params = {"name": tool.name, "arguments": arguments}
    return {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}


def _headers(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}


async def _post(
    client: httpx.AsyncClient,
    path: str,
    body: object,
    *,
    token: str,
    headers: dict[str, str] | None = None,
) -> httpx.Response:
    return await client.post(path, json=body, headers=_headers(token) | (headers or {}))


async def _filled(client: httpx.AsyncClient, value: Any) -> Any:
    """The arguments with ids where they say what is to be found."""
    match value:
        case Found(resolver=resolver, query=query):
            path = BY_NAME[resolver].rest_path
            found = _parsed(await _post(client, path, {"query": query}, token=DEMO_API_TOKEN))
            return found["candidates"][0]["id"]
        case dict():
            return {name: await _filled(client, inner) for name, inner in value.items()}
        case list():
            return [await _filled(client, inner) for inner in value]
        case _:
            return value


# How it is written down.


class _Number(str):
    """A number with its digits as they came."""

    __slots__ = ()


def _parsed(response: httpx.Response) -> dict[str, Any]:
    parsed: dict[str, Any] = response.json(parse_float=_Number, parse_int=_Number)
    return parsed


def _http(path: str, body: object, *, headers: dict[str, str] | None = None) -> str:
    lines = "".join(f"{name}: {value}\n" for name, value in (headers or {}).items())
    return f"\n```http\nPOST {path}\n{lines}\n{_written(body)}\n```\n"


def _json(value: object) -> str:
    return f"\n```json\n{_written(value)}\n```\n"


def _call(message: dict[str, Any]) -> str:
    """A message with its envelope on one line, for what matters is inside."""
    envelope = _on_one_line({name: message[name] for name in ("jsonrpc", "id", "method")})[:-1]
    inside = _written(message["params"], " ", key='"params": ')
    return f"\n```json\n{envelope},\n {inside}}}\n```\n"


def _written(value: object, indent: str = "", *, key: str = "") -> str:
    """JSON, each value on one line if it fits behind its key, else a line per member."""
    line = _on_one_line(value)
    if len(indent + key + line) < WIDTH or not isinstance(value, dict | list):
        return key + line
    deeper = f"{indent}  "
    if isinstance(value, dict):
        parts = [_written(inner, deeper, key=f'"{name}": ') for name, inner in value.items()]
    else:
        parts = [_written(inner, deeper) for inner in value]
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    return f"{key}{opening}\n{deeper}" + f",\n{deeper}".join(parts) + f"\n{indent}{closing}"


def _on_one_line(value: object) -> str:
    match value:
        case _Number():
            return value
        case dict():
            members = (f'"{name}": {_on_one_line(inner)}' for name, inner in value.items())
            return "{" + ", ".join(members) + "}"
        case list():
            return "[" + ", ".join(map(_on_one_line, value)) + "]"
        case _:
            return json.dumps(value, ensure_ascii=False)
