"""The common shape of the OAuth endpoints."""

import json
from pathlib import Path
from typing import Any

import trio
import trio.testing

from onecgw.web.asgi import FORM_SECONDS, Message
from tests.builders.oauth_rig import open_oauth


async def test_a_body_that_does_not_end_is_an_error_of_the_request(
    tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        await trio.sleep_forever()
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    scope: dict[str, Any] = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/oauth/token",
        "headers": [(b"host", b"localhost")],
        "query_string": b"",
    }
    async with open_oauth(tmp_path) as oauth:
        await oauth.app(scope, receive, send)
    assert (sent[0]["status"], json.loads(sent[1]["body"])) == (
        400,
        {
            "error": "invalid_request",
            "error_description": f"the request body took longer than {FORM_SECONDS} s",
        },
    )
