"""The common shape of the OAuth endpoints."""

import json
from typing import Any

import trio
import trio.testing

from onecgw.web.asgi import BODY_SECONDS, Message, Response
from onecgw.web.client_ip import ClientAddresses
from onecgw.web.oauth.http import Door, Visit


async def test_a_body_that_does_not_end_is_told_as_a_fault_of_the_request(
    autojump_clock: trio.testing.MockClock,
) -> None:
    sent: list[Message] = []

    async def handle(visit: Visit) -> Response:
        raise AssertionError(visit)

    async def receive() -> Message:
        await trio.sleep_forever()
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    door = Door(handlers={"POST": handle}, addresses=ClientAddresses(()), is_open=True)
    scope: dict[str, Any] = {
        "type": "http",
        "method": "POST",
        "path": "/oauth/token",
        "headers": [],
        "query_string": b"",
    }
    await door(scope, receive, send)
    assert (sent[0]["status"], json.loads(sent[1]["body"])) == (
        400,
        {
            "error": "invalid_request",
            "error_description": f"the request body took longer than {BODY_SECONDS} s",
        },
    )
