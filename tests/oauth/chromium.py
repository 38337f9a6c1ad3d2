"""Headless Chromium over the WebDriver protocol. Source: https://www.w3.org/TR/webdriver2/."""

import base64
import re
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

import attrs
import httpx
import trio

ELEMENT: Final = "element-6066-11e4-a52e-4f735466cecf"
TAB: Final = "\ue004"
SPACE: Final = "\ue00d"
ENTER: Final = "\ue007"
STEP_SECONDS: Final = 20

IS_THERE: Final = shutil.which("chromium") is not None and shutil.which("chromedriver") is not None
MISSING: Final = "NO BROWSER TEST: apt-get install chromium chromium-driver"


@attrs.frozen
class Browser:
    """One window."""

    http: httpx.AsyncClient

    async def open(self, url: str) -> None:
        await self._post("url", {"url": url})

    async def url(self) -> str:
        found: str = await self._get("url")
        return found

    async def run(self, script: str, *arguments: Any) -> Any:
        """The result of a script's `return`."""
        return await self._post("execute/sync", {"script": script, "args": list(arguments)})

    async def type(self, selector: str, text: str) -> None:
        await self._post(f"element/{await self._find(selector)}/value", {"text": text})

    async def press(self, *keys: str) -> None:
        """Keys to whatever has the focus."""
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        body = {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]}
        await self._post("actions", body)

    async def click(self, selector: str) -> None:
        await self._post(f"element/{await self._find(selector)}/click", {})

    async def text(self, selector: str) -> str:
        found: str = await self._get(f"element/{await self._find(selector)}/text")
        return found

    async def label(self, selector: str) -> str:
        """What a screen reader calls an element."""
        found: str = await self._get(f"element/{await self._find(selector)}/computedlabel")
        return found

    async def focused(self) -> str:
        """The id of the element that has the focus."""
        found: str = await self.run("return document.activeElement.id")
        return found

    async def look(self, *, width: int, height: int, dark: bool = False, scale: float = 1) -> None:
        """Be a screen of a size in CSS pixels, light or dark."""
        await self._devtools(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": width < 600},
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await self._devtools("Emulation.setEmulatedMedia", {"features": [scheme]})

    async def speak(self, languages: str) -> None:
        """Send this Accept-Language."""
        await self._devtools("Network.enable", {})
        await self._devtools(
            "Network.setExtraHTTPHeaders", {"headers": {"Accept-Language": languages}}
        )

    async def picture(self) -> bytes:
        """The whole page as a PNG."""
        found = await self._devtools(
            "Page.captureScreenshot", {"captureBeyondViewport": True, "format": "png"}
        )
        return base64.b64decode(found["data"])

    async def wait_url(self, start: str) -> str:
        """The address of the window, once it begins so."""
        while not (url := await self.url()).startswith(start):
            await trio.lowlevel.checkpoint()
        return url

    async def _find(self, selector: str) -> str:
        found = await self._post("element", {"using": "css selector", "value": selector})
        element: str = found[ELEMENT]
        return element

    async def _devtools(self, command: str, parameters: dict[str, Any]) -> Any:
        return await self._post("goog/cdp/execute", {"cmd": command, "params": parameters})

    async def _post(self, path: str, body: dict[str, Any]) -> Any:
        return _value(await self.http.post(path, json=body))

    async def _get(self, path: str) -> Any:
        return _value(await self.http.get(path))


def _value(response: httpx.Response) -> Any:
    value = response.json()["value"]
    assert response.status_code == 200, value
    return value


@asynccontextmanager
async def open_browser(folder: Path) -> AsyncIterator[Browser]:
    """A browser with a profile of its own."""
    async with trio.open_nursery() as nursery:
        process: trio.Process = await nursery.start(
            partial(
                trio.run_process,
                ["chromedriver", "--port=0"],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                check=False,
            )
        )
        port = await _read_port(process)
        options = {
            "args": [
                "--headless=new",
                "--no-sandbox",  # as root, and the only pages are our own
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--no-first-run",
                f"--user-data-dir={folder / 'profile'}",
            ]
        }
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", timeout=STEP_SECONDS
        ) as http:
            wanted = {"capabilities": {"alwaysMatch": {"goog:chromeOptions": options}}}
            made = _value(await http.post("/session", json=wanted))
            session = f"http://127.0.0.1:{port}/session/{made['sessionId']}"
            http.base_url = httpx.URL(f"{session}/")
            # An element is waited for until its page is there.
            _value(await http.post("timeouts", json={"implicit": STEP_SECONDS * 1000 // 2}))
            try:
                yield Browser(http)
            finally:
                with trio.move_on_after(STEP_SECONDS, shield=True):
                    # Without the slash: or else the browser outlives the test.
                    _value(await http.delete(session))
                process.terminate()
        nursery.cancel_scope.cancel()


async def _read_port(process: trio.Process) -> int:
    assert process.stdout is not None
    said = b""
    with trio.fail_after(STEP_SECONDS):
        while True:
            said += await process.stdout.receive_some()
            if found := re.search(rb"started successfully on port (\d+)", said):
                return int(found[1])
