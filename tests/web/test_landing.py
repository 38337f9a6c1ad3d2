"""The page on `/`, as a browser gets it."""

import re
from typing import Any

import attrs
import httpx
import pytest

from onecgw.locales import LANGUAGES, Language, load_texts
from onecgw.settings import ApiSettings, McpSettings, OauthSettings, ServerSettings
from onecgw.web.app import build_app
from tests.builders.gateway_rig import answering, make_engine, open_rig

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


async def page(
    path: str = "/", language: str = "", method: str = "GET", accept: str = BROWSER, **changes: Any
) -> httpx.Response:
    async with open_rig(answering(b"{}")) as rig:
        settings = attrs.evolve(rig.settings, **changes)
        app: Any = build_app(settings, rig.gateway, make_engine(rig.gateway))
        transport = httpx.ASGITransport(app)
        headers = {"accept-language": language, "accept": accept}
        async with httpx.AsyncClient(
            transport=transport, base_url="http://localhost:8088"
        ) as client:
            return await client.request(method, path, headers=headers)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_page_speaks_the_browsers_language_or_the_chosen_one(language: Language) -> None:
    title = load_texts(language)["landing.title"]

    by_browser = await page(language=f"{language}-XX, de;q=0.5")
    by_choice = await page(f"/?lang={language}", language="de")

    for response in (by_browser, by_choice):
        assert response.status_code == 200
        assert f"<h1>{title}</h1>" in response.text
        assert f'<html lang="{language}">' in response.text


async def test_it_shows_the_public_address_or_that_of_the_request() -> None:
    public = ServerSettings(public_url="https://mcp.example.org")

    assert "https://mcp.example.org/mcp" in (await page(server=public)).text
    assert "http://localhost:8088/mcp" in (await page()).text


async def test_it_names_programs_that_log_in_only_where_people_log_in() -> None:
    public = OauthSettings(public_url="https://mcp.example.org")

    assert "Custom connector" in (await page(oauth=public)).text.replace("custom", "Custom")
    assert "ChatGPT" not in (await page()).text


async def test_no_script_runs_and_nothing_is_fetched() -> None:
    response = await page()

    assert response.headers["content-security-policy"].startswith("default-src 'none'")
    assert not re.search(r"<script|src=|href=\"http", response.text)


async def test_another_language_is_english() -> None:
    assert '<html lang="en">' in (await page("/?lang=xx", language="uk")).text


@pytest.mark.parametrize("path", ["/mcp", "/mcp/"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_browser_on_the_endpoint_gets_the_same_page(path: str, method: str) -> None:
    opened = await page(path, method=method, language="uk")

    assert (opened.status_code, opened.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert opened.headers["vary"] == "Accept, Accept-Language"
    assert opened.content == (b"" if method == "HEAD" else (await page(language="uk")).content)


@pytest.mark.parametrize(
    ("path", "method", "accept", "status"),
    [
        ("/mcp", "GET", "*/*", 401),
        ("/mcp", "GET", "text/event-stream", 401),
        ("/mcp", "GET", "application/json, text/event-stream, text/html", 401),
        ("/mcp", "POST", BROWSER, 401),
        ("/mcp?access_token=abcdefgh", "GET", BROWSER, 400),
        ("/reports/sales", "GET", BROWSER, 401),
    ],
)
async def test_whatever_is_no_browser_gets_the_endpoint(
    path: str, method: str, accept: str, status: int
) -> None:
    answered = await page(path, method=method, accept=accept)

    assert answered.status_code == status
    assert answered.headers["content-type"].startswith("application/json")


async def test_without_an_endpoint_there_is_no_page_of_it() -> None:
    assert (await page("/mcp", mcp=McpSettings(enabled=False))).status_code == 404


async def test_the_page_leads_to_the_rest_api_where_there_is_one() -> None:
    assert 'href="/docs"' in (await page()).text
    assert 'href="/docs"' not in (await page(api=ApiSettings())).text
