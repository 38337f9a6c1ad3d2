"""The language of an answer over HTTP: that of the call, of the client, or of the settings."""

from typing import Any

import pytest

from onecgw.auth.caller import ALL_SCOPES
from onecgw.settings import McpSettings, Secret
from tests.builders.gateway_rig import MCP_TOKEN, answering
from tests.builders.mcp_engine import stateless
from tests.builders.surfaces import SURFACES, Surface, open_surfaces

UNREACHABLE = answering(b"", 503)
IN_ENGLISH, IN_UKRAINIAN = (
    "1C is not reachable",
    "1С недоступна",
)
WAIT = {"en": "(try again in 10 s)", "uk": "(спробуйте ще раз через 10 с)"}


def message_of(surface: Surface, answer: Any) -> str:
    if surface == "rest":
        return str(answer["message"])
    return str(answer["result"]["content"][0]["text"])


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize(
    ("headers", "arguments", "said"),
    [
        ({}, {}, IN_ENGLISH),
        ({"accept-language": "*"}, {}, IN_ENGLISH),
        ({"accept-language": "uk-UA,en;q=0.5"}, {}, IN_UKRAINIAN),
        ({"accept-language": "uk-UA"}, {"language": "en"}, IN_ENGLISH),
    ],
)
async def test_an_error_is_in_the_language_of_the_call_or_the_client(
    surface: Surface, headers: dict[str, str], arguments: dict[str, str], said: str
) -> None:
    async with open_surfaces(UNREACHABLE) as surfaces:
        response = await surfaces.post(surface, "stock_balance", arguments, headers=headers)

    message = message_of(surface, response.json())
    language = "en" if said == IN_ENGLISH else "uk"
    assert message == (said if surface == "rest" else f"onec_unavailable: {said} {WAIT[language]}")


@pytest.mark.parametrize("surface", ["legacy", "modern"])
async def test_the_locale_of_a_message_comes_before_the_header(surface: Surface) -> None:
    async with open_surfaces(UNREACHABLE) as surfaces:
        response = await surfaces.post(
            surface,
            "stock_balance",
            {},
            headers={"accept-language": "en"},
            meta={"openai/locale": "uk-UA"},
        )

    assert IN_UKRAINIAN in message_of(surface, response.json())


@pytest.mark.parametrize("surface", ["rest", "modern"])
async def test_the_setting_is_the_language_of_a_client_that_names_none(surface: Surface) -> None:
    mcp = McpSettings(bearer_token=Secret(MCP_TOKEN), scopes=ALL_SCOPES, language="uk")
    async with open_surfaces(UNREACHABLE, mcp=mcp) as surfaces:
        response = await surfaces.post(surface, "stock_balance", {})

    assert IN_UKRAINIAN in message_of(surface, response.json())


async def test_problems_and_refusals_of_the_surface_are_in_the_language() -> None:
    async with open_surfaces(UNREACHABLE) as surfaces:
        uk = {"accept-language": "uk"}
        wrong = await surfaces.post("rest", "stock_balance", {"top": 0}, headers=uk)
        unknown_client = await surfaces.client.post("/reports/stock", json={}, headers=uk)

    assert wrong.json()["error"] == "validation_error"
    assert wrong.json()["message"] == "аргументи некоректні"
    assert wrong.json()["problems"] == [
        {"path": "top", "message": "потрібне ціле число від 1; отримано 0"}
    ]
    assert unknown_client.status_code == 401
    assert unknown_client.json()["message"] == (
        "надішліть один раз заголовок Authorization: Bearer <token>"
    )


async def test_titles_of_tools_are_in_the_language_of_the_client_and_names_are_not() -> None:
    message = stateless("tools/list")
    version = message["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"]
    headers = {
        "authorization": f"Bearer {MCP_TOKEN}",
        "mcp-protocol-version": version,
        "mcp-method": "tools/list",
    }
    async with open_surfaces(UNREACHABLE) as surfaces:
        english, ukrainian = [
            (
                await surfaces.client.post(
                    "/mcp", json=message, headers={**headers, "accept-language": language}
                )
            ).json()["result"]["tools"]
            for language in ("en", "uk")
        ]

    def untitled(tools: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [{name: value for name, value in tool.items() if name != "title"} for tool in tools]

    assert untitled(english) == untitled(ukrainian)
    titles = {tool["name"]: tool["title"] for tool in ukrainian}
    assert titles["cash_conversion_cycle"] == "Фінансовий цикл"
