"""The page on `/`, as a browser gets it."""

import re
from typing import Any

import attrs
import httpx
import pytest

from onecgw.locales import LANGUAGES, Language, load_texts
from onecgw.settings import OauthSettings, ServerSettings
from onecgw.web.app import build_app
from tests.builders.gateway_rig import answering, make_engine, open_rig


async def page(path: str = "/", language: str = "", **changes: Any) -> httpx.Response:
    async with open_rig(answering(b"{}")) as rig:
        settings = attrs.evolve(rig.settings, **changes)
        app: Any = build_app(settings, rig.gateway, make_engine(rig.gateway))
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://localhost:8088"
        ) as client:
            return await client.get(path, headers={"accept-language": language})


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
