"""A gateway on a socket in front of a 1C whose answers hold what clients have stumbled over.

`python -m tests.clients.gateway` prints its address and serves until it is ended. It is a process
of its own because the clients run on asyncio.
"""

import json
import sys
from typing import Any

import httpx
import trio

from onecgw.auth.caller import ALL_SCOPES
from onecgw.catalogue.kinds.resolver import ResolverTool
from onecgw.catalogue.kinds.single_call import CardTool
from onecgw.catalogue.tools import ALL
from onecgw.serving import serve_app
from onecgw.settings import LimitsSettings, McpSettings, Secret
from onecgw.web.app import build_app
from tests.builders.constant_books import answer_of, ok
from tests.builders.gateway_rig import MCP_TOKEN, make_engine, open_rig
from tests.test_boundary import good_answer

LONG_NUMBER = "12345678901234567.89"
MANY_ROWS = 2_000

TOOLS = {tool.operation: tool for tool in ALL}


def awkward_answer(request: httpx.Request) -> httpx.Response:
    """A right answer with nulls, members of 1C's own, ids that are numbers and long numbers."""
    arguments: dict[str, Any] = json.loads(request.content)
    if "firm_ids" in arguments.get("filters", {}) or arguments.get("group_by") == ["month"]:
        return answer_of(request)  # a part of the cycle
    if request.url.path.rpartition("/")[2] in {"stock", "receivables", "payables"} and (
        arguments.get("top") == 1  # as the cycle asks: a report has one more
    ):
        return answer_of(request)
    tool = TOOLS[request.url.path.partition("/mcp/")[2]]
    answer = good_answer(tool, arguments)
    answer["extra"] = {"from": None, "list": [], "class": "word of Python"}
    if isinstance(tool, ResolverTool):
        answer["candidates"].append({"id": 15, "label": "number", "city": None})
    elif isinstance(tool, CardTool):
        answer |= {"last_purchase": None, "top_products": None, "notice": None}
        answer["totals"]["avg_check"] = None
    else:
        answer |= {"totals": None, "applied_filters": None, "role": None, "notice": None}
        answer["columns"].append({"name": "analytics", "type": "ref", "title": None})
        answer["rows"][0] = [*answer["rows"][0], {"id": None, "label": "nobody", "kind": "cash"}]
        answer["rows"][1] = [*answer["rows"][1], {"id": 15, "label": None}]
        answer["rows"] *= MANY_ROWS // 2 if arguments.get("top", 0) > MANY_ROWS else 1
    text = json.dumps(answer, ensure_ascii=False)
    return ok(text.replace("12,", f"{LONG_NUMBER},", 1))


async def main() -> None:
    """Serve until the process is ended."""
    settings = {
        "mcp": McpSettings(bearer_token=Secret(MCP_TOKEN), scopes=ALL_SCOPES),
        "limits": LimitsSettings(calls_per_minute=0, max_result_bytes=1024 * 1024),
    }
    async with open_rig(awkward_answer, **settings) as rig:
        app = build_app(rig.settings, rig.gateway, make_engine(rig.gateway))

        def announce(url: str) -> None:
            sys.stdout.write(f"{url}\n")
            sys.stdout.flush()

        await serve_app(app, host="127.0.0.1", port=0, grace_seconds=1, announce=announce)


if __name__ == "__main__":
    trio.run(main)
