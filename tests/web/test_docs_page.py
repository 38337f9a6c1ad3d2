"""GET /docs: the REST API as a person reads it."""

import html
import json
import re
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from onecgw.auth.caller import ALL_SCOPES
from onecgw.catalogue.capabilities import Capabilities
from onecgw.catalogue.listing import Catalogue
from onecgw.catalogue.parsing import parse_arguments
from onecgw.catalogue.tools import ALL, BY_NAME
from onecgw.locales import LANGUAGES, Language, load_texts
from onecgw.settings import ApiSettings, LimitsSettings
from onecgw.web.docs_page import document_routes
from onecgw.web.openapi import openapi_document
from tests.builders.gateway_rig import answering
from tests.web.test_rest import open_rest

DOCUMENT = openapi_document(Catalogue(ALL, LimitsSettings()), frozenset(ALL_SCOPES))
ROUTES = document_routes(DOCUMENT)


async def page(path: str = "/docs", language: str = "en", **changes: Any) -> httpx.Response:
    async with open_rest(answering(b"{}"), **changes) as (client, rig):
        rig.gateway.catalogue.capabilities = Capabilities(
            unavailable_tools=frozenset({"cash_flow"})
        )
        headers = {"accept-language": language, "authorization": ""}
        return await client.get(path, headers=headers)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_page_needs_no_token_and_speaks_the_browsers_language(
    language: Language,
) -> None:
    opened = await page(language=f"{language}-XX, de;q=0.5")

    assert opened.status_code == 200
    assert f"<h1>{load_texts(language)['docs.title']}</h1>" in opened.text
    assert opened.headers["vary"] == "Accept-Language"


async def test_every_route_is_there_whatever_the_base_supports_or_the_token_opens() -> None:
    text = (await page()).text

    assert re.findall(r"<h2>POST (\S+)</h2>", text) == [tool.rest_path for tool in ALL]
    assert "profit" in text


async def test_every_argument_and_description_of_the_document_is_on_the_page() -> None:
    text = html.unescape((await page()).text)

    def descriptions(node: Any) -> set[str]:
        if isinstance(node, dict):
            own = {node["description"]} if isinstance(node.get("description"), str) else set()
            return own.union(*map(descriptions, node.values()))
        return set().union(*map(descriptions, node)) if isinstance(node, list) else set()

    for item in DOCUMENT["paths"].values():
        body = item["post"]["requestBody"]["content"]["application/json"]["schema"]
        assert [said for said in descriptions(body) if said not in text] == []
        assert [name for name in body["properties"] if f"<code>{name}</code>" not in text] == []


async def test_no_script_runs_nothing_is_fetched_and_no_style_is_inline() -> None:
    opened = await page()

    assert opened.headers["content-security-policy"].startswith("default-src 'none'")
    assert not re.search(r"<script|src=|href=\"http|style=\"", opened.text)


async def test_every_link_within_the_page_leads_somewhere() -> None:
    text = (await page()).text
    targets = set(re.findall(r'href="#([^"]+)"', text))

    assert targets - set(re.findall(r'id="([^"]+)"', text)) == {"top"}  # HTML's own


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_the_example_of_a_route_is_accepted(route: Any) -> None:
    body = DOCUMENT["paths"][route.path]["post"]["requestBody"]["content"]["application/json"]

    Draft202012Validator(body["schema"]).validate(json.loads(route.body))
    assert parse_arguments(BY_NAME[route.name].request, json.loads(route.body)) is not None


async def test_without_a_rest_api_there_is_no_page() -> None:
    assert (await page(api=ApiSettings())).status_code == 404
