"""The contract in its smallest form: a 1C that answers every path well."""

import json
from datetime import UTC, datetime
from email.utils import format_datetime

from tests.builders.onec_server import Play, ReceivedRequest, Wire

WRONG_KEY = b'{"error":"invalid_key","message":"no such key"}'


async def answer_well(
    request: ReceivedRequest, wire: Wire, *, headers: tuple[str, ...] = ()
) -> None:
    """Answer as the contract says, with some headers of the request to distinguish answers."""
    if request.path.endswith("/mcp/auth/verify"):
        await wire.answer(WRONG_KEY, status="401 Unauthorized", headers=headers)
        return
    echo = {name: request.headers.get(name) for name in ("x-mcp-sub", "x-request-id")}
    if request.path.endswith("/mcp/health"):
        body: dict[str, object] = {"status": "ok"}
    elif "/mcp/resolve/" in request.path:
        body = {"candidates": [echo]}
    else:
        body = {"columns": [], "rows": [], "role": echo}
    stamp = format_datetime(datetime.now(UTC), usegmt=True)
    await wire.answer(json.dumps(body).encode(), headers=(f"Date: {stamp}", *headers))


def but(path: str, play: Play) -> Play:
    """Answer well, but for one path."""

    async def answer(request: ReceivedRequest, wire: Wire) -> None:
        await (play if request.path.endswith(path) else answer_well)(request, wire)

    return answer
