"""The pages without a login in a real browser: the endpoint opened by a person, and /docs."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.builders.browser import ENTER, IS_THERE, MISSING, TAB, Browser
from tests.web.test_oauth_accessibility import too_faint
from tests.web.test_oauth_browser import do, open_scene

pytestmark = [
    pytest.mark.skipif(not IS_THERE, reason=MISSING),
    pytest.mark.xdist_group("browser"),
]
PHONE = (360, 740)
FOCUSED = "return document.activeElement.getAttribute('href') || ''"
OVERFLOW = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"


async def tab_to(browser: Browser, href: str) -> str:
    """Press Tab until a link has the focus; what has it in the end."""
    focused = ""
    for _ in range(100):
        await do(browser.press, TAB)
        focused = str(await do(browser.run, FOCUSED))
        if focused == href:
            break
    return focused


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
async def test_the_pages_fit_a_phone_and_have_contrast(tmp_path: Path, dark: bool) -> None:
    async with open_scene(tmp_path) as scene:
        browser = scene.browser
        await do(partial(browser.look, width=PHONE[0], height=PHONE[1], dark=dark))
        faint: list[Any] = []
        overflows = []
        for path in ("/mcp", "/docs"):
            await do(browser.open, scene.oauth.issuer + path)
            overflows.append(await do(browser.run, OVERFLOW))
            faint += await too_faint(browser)

    assert overflows == [0, 0]
    assert faint == []


async def test_the_keyboard_is_enough_from_the_endpoint_to_a_route_in_another_language(
    tmp_path: Path,
) -> None:
    async with open_scene(tmp_path) as scene:
        browser = scene.browser
        await do(browser.speak, "uk-UA,uk;q=0.9")
        await do(browser.open, f"{scene.oauth.issuer}/mcp")
        heading = await do(browser.text, "h1")
        assert await tab_to(browser, "/docs") == "/docs"
        await do(browser.press, ENTER)
        await do(browser.wait_url, f"{scene.oauth.issuer}/docs")
        assert await tab_to(browser, "#debt_aging") == "#debt_aging"
        await do(browser.press, ENTER)
        await do(browser.wait_url, f"{scene.oauth.issuer}/docs#debt_aging")
        assert await tab_to(browser, "/docs?lang=ru") == "/docs?lang=ru"
        await do(browser.press, ENTER)
        await do(browser.wait_url, f"{scene.oauth.issuer}/docs?lang=ru")
        language = await do(browser.run, "return document.documentElement.lang")

    assert heading == "Це onecgw, шлюз до 1C:Enterprise"
    assert language == "ru"
