"""The tutorial is replayed, question by question, on the gateway in front of the demo."""

import json
import re
from pathlib import Path
from typing import Any

import httpx

from onecgw.app.lifespan import open_gateway
from onecgw.app.serve_demo import DEMO_API_TOKEN, DEMO_MCP_TOKEN, demo_settings
from onecgw.demo.books import Books
from onecgw.web.app import build_app
from tests.builders.demo_server import PASSWORD, demo_on_socket
from tests.builders.gateway_rig import make_engine

PAGE = Path(__file__).parents[2] / "docs" / "tutorial" / "first-questions.md"
QUESTION = re.compile(r"```sh\n(ask|tool) (\S+) '([^']*)'\n```\n\n```json\n(.*?)\n```", re.DOTALL)


def test_tutorial_asks_and_answers() -> None:
    page = PAGE.read_text(encoding="utf-8")
    calls = re.findall(r"^(?:ask|tool) ", page, re.MULTILINE)
    assert len(QUESTION.findall(page)) == len(calls) >= 10


def test_tutorials_day_is_the_day_of_these_books(default_books: Books) -> None:
    page = PAGE.read_text(encoding="utf-8")
    days = set(re.findall(r"--today (\S+)", page))
    assert days == {default_books.today.isoformat()}


async def test_every_answer_of_the_tutorial_is_real(default_books: Books) -> None:
    page = PAGE.read_text(encoding="utf-8")
    async with demo_on_socket(default_books) as base_url:
        settings = demo_settings(base_url=base_url, port=0, password=PASSWORD)
        async with open_gateway(settings) as gateway:
            front: Any = build_app(settings, gateway, make_engine(gateway))
            transport = httpx.ASGITransport(front)
            async with httpx.AsyncClient(
                transport=transport, base_url="http://localhost"
            ) as client:
                for kind, path, body, shown in QUESTION.findall(page):
                    answer = await ask(client, kind, path, body)
                    check_shown(json.loads(shown, parse_float=str), answer, path)


async def ask(client: httpx.AsyncClient, kind: str, path: str, body: str) -> Any:
    """What the tutorial's two helpers do."""
    if kind == "ask":
        token, content = DEMO_API_TOKEN, body
    else:
        token, path, content = DEMO_MCP_TOKEN, "/mcp", tool_call(path, body)
    response = await client.post(
        path,
        content=content.encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    assert response.status_code == 200, response.text
    return response.json(parse_float=str)


def tool_call(name: str, arguments: str) -> str:
    params = f'{{"name":"{name}","arguments":{arguments}}}'
    return f'{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{params}}}'


def check_shown(shown: Any, answer: Any, where: str) -> None:
    """The page may leave keys out; what it shows is what came."""
    if not isinstance(shown, dict):
        assert shown == answer, where
        return
    for key, value in shown.items():
        check_shown(value, answer[key], f"{where} {key}")
