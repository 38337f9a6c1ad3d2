"""A login in a real browser: headless Chromium, from the key to the client's callback."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import attrs
import httpx
import pytest
import trio

from onecgw.settings import RedirectSettings
from tests.builders.browser import ENTER, IS_THERE, MISSING, SPACE, TAB, Browser, open_browser
from tests.builders.oauth_rig import OWNER_KEY, SALES_KEY, OauthRig
from tests.web.test_oauth_sdk import find_port, serving

do = trio.to_thread.run_sync  # the gateway of a test answers from the test's own loop
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

    async def start(self, name: str = "Test client", **changes: str) -> None:
        """The client opens the browser. changes: of its request."""
        request = {"redirect_uri": self.callback, "resource": self.oauth.resource} | changes
        metadata = {"redirect_uris": [request["redirect_uri"]], "client_name": name}
        client_id = (await self.oauth.register(**metadata))["client_id"]
        query = self.oauth.query(client_id, **request)
        url = httpx.URL(f"{self.oauth.issuer}/oauth/authorize", params=query)
        await do(self.browser.open, str(url))

    async def finish(self) -> dict[str, str]:
        """What the client receives at the end."""
        url = await do(self.browser.wait_url, self.callback)
        return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


async def _answer_callback(stream: trio.SocketStream) -> None:
    async with stream:
        await stream.receive_some()
        await stream.send_all(
            b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\ndone"
        )


@asynccontextmanager
async def open_scene(tmp_path: Path, **oauth: Any) -> AsyncIterator[Scene]:
    with trio.fail_after(TEST_SECONDS):
        with open_browser(tmp_path) as browser:
            async with (
                serving(tmp_path, find_port(), **oauth) as gateway,
                trio.open_nursery() as nursery,
            ):
                serve = partial(trio.serve_tcp, _answer_callback, 0, host="127.0.0.1")
                (listener,) = await nursery.start(serve)
                callback = f"http://127.0.0.1:{listener.socket.getsockname()[1]}/callback"
                await do(browser.speak, "en")
                yield Scene(browser=browser, oauth=gateway, callback=callback)
                nursery.cancel_scope.cancel()


async def test_a_person_pastes_the_key_unticks_a_line_and_allows(tmp_path: Path) -> None:
    async with open_scene(tmp_path) as scene:
        browser = scene.browser
        await scene.start()
        receiver = await do(browser.text, "#receiver")
        await do(browser.type, "#key", OWNER_KEY)
        await do(browser.click, "#next")
        await do(browser.text, "#allow")
        ticked = await do(
            browser.run,
            "return [...document.querySelectorAll('input[name=scope]:checked')].map(e => e.value)",
        )
        await do(browser.click, "label[for=scope-3]")
        await do(browser.click, "#allow")
        result = await scene.finish()
        (grant,) = scene.oauth.rows("grants")

    assert receiver == urlsplit(scene.callback).netloc
    assert ticked == ["mcp:resolve", "mcp:report:sales", "mcp:report:stock"]
    assert set(result) == {"code", "state", "iss"}
    assert result["iss"] == scene.oauth.issuer
    assert grant["scopes"] == "mcp:resolve mcp:report:sales"


async def test_the_keyboard_is_enough(tmp_path: Path) -> None:
    async with open_scene(tmp_path) as scene:
        browser = scene.browser
        await scene.start()
        assert await do(browser.focused) == "key"
        await do(partial(browser.press, *SALES_KEY, ENTER))
        await do(browser.text, "#allow")
        first = ""
        while first != "scope-1":  # the first stop of the second page
            await do(browser.press, TAB)
            first = await do(browser.focused)
        await do(browser.press, SPACE, TAB)
        second = await do(browser.focused)
        await do(browser.press, TAB)
        third = await do(browser.focused)
        await do(browser.press, ENTER)
        result = await scene.finish()
        (grant,) = scene.oauth.rows("grants")

    assert (first, second, third) == ("scope-1", "scope-2", "allow")
    assert "code" in result
    assert grant["scopes"] == "mcp:report:sales"


async def test_a_wrong_key_is_reported_beside_the_field(tmp_path: Path) -> None:
    async with open_scene(tmp_path) as scene:
        browser = scene.browser
        await scene.start()
        await do(browser.type, "#key", "not-a-key")
        await do(browser.click, "#next")
        error = await do(browser.text, "#key-error")
        described = await do(
            browser.run, "return document.getElementById('key').getAttribute('aria-describedby')"
        )
        kept = await do(browser.run, "return document.getElementById('key').value")
        label = await do(browser.label, "#key")

    assert error.startswith("This key is not valid.")
    assert described == "key-hint key-error"
    assert kept == ""
    assert label == "Your access key"


async def test_another_language_keeps_what_was_unticked_and_forgets_a_typed_key(
    tmp_path: Path,
) -> None:
    ticked = "return [...document.querySelectorAll('input[name=scope]:checked')].map(e => e.value)"
    async with open_scene(tmp_path) as scene:
        browser = scene.browser
        await scene.start()
        await do(browser.type, "#key", "typed-key")
        await do(browser.click, "button[value=uk]")
        await do(browser.text, "html[lang=uk]")
        title = await do(browser.text, "h1")
        typed = await do(browser.run, "return document.getElementById('key').value")
        assert scene.oauth.accounts.checks == 0
        await do(browser.type, "#key", OWNER_KEY)
        await do(browser.click, "#next")
        await do(browser.click, "label[for=scope-3]")
        await do(browser.click, "label[for=scope-4]")
        await do(browser.click, "button[value=ru]")
        await do(browser.text, "html[lang=ru]")
        kept = await do(browser.run, ticked)
        # Enter in a box means Allow, not another language.
        await do(browser.run, "document.getElementById('scope-1').focus()")
        await do(browser.press, ENTER)
        result = await scene.finish()
        (grant,) = scene.oauth.rows("grants")

    assert (title, typed) == ("Вхід", "")
    assert kept == ["mcp:resolve", "mcp:report:sales", "mcp:report:money"]
    assert "code" in result
    assert grant["scopes"] == "mcp:resolve mcp:report:sales mcp:report:money"


@pytest.mark.parametrize("width", [320, 390, 1280])
async def test_no_page_is_wider_than_the_screen(tmp_path: Path, width: int) -> None:
    # 320 px is a small phone, or 640 px at 200 % (WCAG 2.2, 1.4.10).
    overflow = "return document.documentElement.scrollWidth - window.innerWidth"
    small = """return [...document.querySelectorAll('button, input:not([type=hidden])')]
        .filter(e => e.getBoundingClientRect().height < 24).length"""
    uri = f"https://{'accounts-' * 6}login.{'very-long-name.' * 6}example.org/callback"
    async with open_scene(tmp_path, redirects=RedirectSettings(open_https=True)) as scene:
        browser = scene.browser
        await do(partial(browser.look, width=width, height=800))
        await scene.start("Name" * 20, redirect_uri=uri)
        host = await do(browser.text, "#receiver")
        found = [await do(browser.run, overflow), await do(browser.run, small)]
        await do(browser.type, "#key", OWNER_KEY)
        await do(browser.click, "#next")
        await do(browser.text, "#allow")
        found += [await do(browser.run, overflow), await do(browser.run, small)]
        await do(browser.click, "#deny")
        await do(browser.text, "#leave")
        found += [await do(browser.run, overflow), await do(browser.run, small)]

    assert host == urlsplit(uri).netloc  # all of it: its end is what counts
    assert max(found[::2]) <= 0
    assert found[1::2] == [0, 0, 0]  # every target is at least 24 px high (WCAG 2.2, 2.5.8)
