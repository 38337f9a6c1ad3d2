"""A login in a real browser: headless Chromium, from the key to the client's callback."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import attrs
import httpx
import pytest
import trio

from tests.oauth.chromium import ENTER, IS_THERE, MISSING, SPACE, TAB, Browser, open_browser
from tests.oauth.rig import OWNER_KEY, SALES_KEY, OauthRig
from tests.web.test_oauth_sdk import find_port, serving

TEST_SECONDS = 90
pytestmark = [
    pytest.mark.skipif(not IS_THERE, reason=MISSING),
    # One browser at a time: they are big.
    pytest.mark.xdist_group("browser"),
]


@attrs.frozen(kw_only=True)
class Scene:
    """A person at a browser, before a gateway, with a client that waits for them."""

    browser: Browser
    oauth: OauthRig
    callback: str

    async def start(self) -> None:
        """The client opens the browser."""
        client_id = (await self.oauth.register(redirect_uris=[self.callback]))["client_id"]
        query = self.oauth.query(
            client_id, redirect_uri=self.callback, resource=self.oauth.realm.resource
        )
        url = httpx.URL(f"{self.oauth.realm.issuer}/oauth/authorize", params=query)
        await self.browser.open(str(url))

    async def finish(self) -> dict[str, str]:
        """What the client is told in the end."""
        url = await self.browser.wait_url(self.callback)
        return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


async def _answer_callback(stream: trio.SocketStream) -> None:
    async with stream:
        await stream.receive_some()
        await stream.send_all(
            b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\ndone"
        )


@asynccontextmanager
async def open_scene(tmp_path: Path) -> AsyncIterator[Scene]:
    with trio.fail_after(TEST_SECONDS):
        async with (
            serving(tmp_path, find_port()) as oauth,
            open_browser(tmp_path) as browser,
            trio.open_nursery() as nursery,
        ):
            listeners = await nursery.start(
                partial(trio.serve_tcp, _answer_callback, 0, host="127.0.0.1")
            )
            port = listeners[0].socket.getsockname()[1]
            await browser.speak("en")
            yield Scene(browser=browser, oauth=oauth, callback=f"http://127.0.0.1:{port}/callback")
            nursery.cancel_scope.cancel()


async def test_a_person_pastes_the_key_unticks_a_line_and_allows(tmp_path: Path) -> None:
    async with open_scene(tmp_path) as scene:
        browser = scene.browser
        await scene.start()
        receiver = await browser.text("#receiver")
        await browser.type("#key", OWNER_KEY)
        await browser.click("#next")
        await browser.text("#allow")
        ticked = await browser.run(
            "return [...document.querySelectorAll('input[name=scope]:checked')].map(e => e.value)"
        )
        await browser.click("label[for=scope-3]")
        await browser.click("#allow")
        told = await scene.finish()
        (grant,) = scene.oauth.rows("grants")

    assert receiver == urlsplit(scene.callback).netloc
    assert ticked == ["mcp:resolve", "mcp:report:sales", "mcp:report:stock"]
    assert set(told) == {"code", "state", "iss"}
    assert told["iss"] == scene.oauth.realm.issuer
    assert grant["scopes"] == "mcp:resolve mcp:report:sales"


async def test_the_keyboard_is_enough(tmp_path: Path) -> None:
    async with open_scene(tmp_path) as scene:
        browser = scene.browser
        await scene.start()
        assert await browser.focused() == "key"
        await browser.press(*SALES_KEY, ENTER)
        await browser.text("#allow")
        first = ""
        while first != "scope-1":  # the first stop of the second page
            await browser.press(TAB)
            first = await browser.focused()
        await browser.press(SPACE, TAB)
        second = await browser.focused()
        await browser.press(TAB)
        third = await browser.focused()
        await browser.press(ENTER)
        told = await scene.finish()
        (grant,) = scene.oauth.rows("grants")

    assert (first, second, third) == ("scope-1", "scope-2", "allow")
    assert "code" in told
    assert grant["scopes"] == "mcp:report:sales"


async def test_a_wrong_key_is_told_beside_the_field(tmp_path: Path) -> None:
    async with open_scene(tmp_path) as scene:
        browser = scene.browser
        await scene.start()
        await browser.type("#key", "not-a-key")
        await browser.click("#next")
        error = await browser.text("#key-error")
        described = await browser.run(
            "return document.getElementById('key').getAttribute('aria-describedby')"
        )
        kept = await browser.run("return document.getElementById('key').value")
        label = await browser.label("#key")
        await browser.click("button[value=uk]")
        await browser.text("html[lang=uk]")
        title = await browser.text("h1")
        language = await browser.run("return document.documentElement.lang")

    assert error.startswith("This key is not valid.")
    assert described == "key-hint key-error"
    assert kept == ""
    assert label == "Your access key"
    assert (title, language) == ("Вхід", "uk")


@pytest.mark.parametrize("width", [320, 390, 1280])
async def test_no_page_is_wider_than_the_screen(tmp_path: Path, width: int) -> None:
    # 320 px is a small phone, or 640 px at 200 % (WCAG 2.2, 1.4.10).
    overflow = "return document.documentElement.scrollWidth - window.innerWidth"
    small = """return [...document.querySelectorAll('button, input:not([type=hidden])')]
        .filter(e => e.getBoundingClientRect().height < 24).length"""
    async with open_scene(tmp_path) as scene:
        browser = scene.browser
        await browser.look(width=width, height=800)
        await scene.start()
        found = [await browser.run(overflow), await browser.run(small)]
        await browser.type("#key", OWNER_KEY)
        await browser.click("#next")
        await browser.text("#allow")
        found += [await browser.run(overflow), await browser.run(small)]

    assert max(found[0], found[2]) <= 0
    assert found[1] == found[3] == 0  # every target is at least 24 px high (WCAG 2.2, 2.5.8)
