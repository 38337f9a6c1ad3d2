"""Headless Chromium over the WebDriver protocol. Source: https://www.w3.org/TR/webdriver2/.

The calls block: a test whose server runs in the same Trio loop makes them on a thread.
"""

import base64
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx

from tests.builders.process import running

CHROMEDRIVER: Final = shutil.which("chromedriver")
CHROMIUM: Final = shutil.which("chromium") or shutil.which("chromium-browser")
IS_THERE: Final = CHROMEDRIVER is not None and CHROMIUM is not None
MISSING: Final = "NO BROWSER TEST: apt-get install chromium chromium-driver"

ELEMENT: Final = "element-6066-11e4-a52e-4f735466cecf"
TAB: Final = "\ue004"
SPACE: Final = "\ue00d"
ENTER: Final = "\ue007"

START_SECONDS: Final = 60
STEP_SECONDS: Final = 30
APPEAR_SECONDS: Final = 10
POLL_SECONDS: Final = 0.02
_STARTED: Final = re.compile(r"started successfully on port (\d+)")
_ARGUMENTS: Final = (
    "--headless=new",
    "--no-sandbox",  # tests run as root in containers, and the only pages are our own
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-breakpad",
    "--no-first-run",
    "--hide-scrollbars",
    "--force-device-scale-factor=1",
    "--lang=en-US",
    # It ends with its driver, then, however that ends.
    "--remote-debugging-pipe",
)


class Browser:
    """One window of a browser. process_id: of the browser; it is of its driver's group."""

    def __init__(self, session_url: str, process_id: int) -> None:
        self.process_id = process_id
        self._http = httpx.Client(base_url=session_url, timeout=STEP_SECONDS, trust_env=False)
        # An element is waited for until its page is there.
        self._post("/timeouts", implicit=APPEAR_SECONDS * 1000)

    def open(self, target: str | Path) -> None:
        """Go to an address, or to a file."""
        self._post("/url", url=target.as_uri() if isinstance(target, Path) else target)

    def url(self) -> str:
        found: str = self._get("/url")
        return found

    def wait_url(self, start: str) -> str:
        """The address of the window, once it begins so."""
        _poll(lambda: self.url().startswith(start), APPEAR_SECONDS, start)
        return self.url()

    def run(self, script: str, *arguments: Any) -> Any:
        """The value that a script returns in the current frame."""
        return self._post("/execute/sync", script=script, args=list(arguments))

    def wait(self, script: str, *, seconds: float = APPEAR_SECONDS) -> Any:
        """The first true value of a script."""
        return _poll(lambda: self.run(script), seconds, script)

    def type(self, selector: str, text: str) -> None:
        self._post(f"/element/{self._find(selector)}/value", text=text)

    def press(self, *keys: str) -> None:
        """Keys to whatever has the focus."""
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self._post("/actions", actions=[{"type": "key", "id": "keyboard", "actions": actions}])

    def click(self, selector: str) -> None:
        self._post(f"/element/{self._find(selector)}/click")

    def text(self, selector: str) -> str:
        found: str = self._get(f"/element/{self._find(selector)}/text")
        return found

    def label(self, selector: str) -> str:
        """What a screen reader calls an element."""
        found: str = self._get(f"/element/{self._find(selector)}/computedlabel")
        return found

    def focused(self) -> str:
        """The id of the element that has the focus."""
        found: str = self.run("return document.activeElement.id")
        return found

    def enter_frame(self) -> None:
        self._post("/frame", id=0)

    def leave_frame(self) -> None:
        self._post("/frame", id=None)

    def resize(self, width: int, height: int) -> None:
        self._post("/window/rect", width=width, height=height)

    def look(self, *, width: int, height: int, dark: bool = False, scale: float = 1) -> None:
        """Be a screen of a size in CSS pixels, light or dark."""
        self.devtools(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=scale,
            mobile=width < 600,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.devtools("Emulation.setEmulatedMedia", features=[scheme])

    def speak(self, languages: str) -> None:
        """Send this Accept-Language."""
        self.devtools("Network.enable")
        self.devtools("Network.setExtraHTTPHeaders", headers={"Accept-Language": languages})

    def screenshot(self) -> bytes:
        """The window as a PNG."""
        return base64.b64decode(self._get("/screenshot"))

    def picture(self) -> bytes:
        """The whole page as a PNG."""
        found = self.devtools("Page.captureScreenshot", captureBeyondViewport=True, format="png")
        return base64.b64decode(found["data"])

    def devtools(self, command: str, **parameters: Any) -> Any:
        """What a command of the DevTools protocol answers."""
        return self._post("/goog/cdp/execute", cmd=command, params=parameters)

    def close(self) -> None:
        self._http.close()

    def _find(self, selector: str) -> str:
        found: str = self._post("/element", using="css selector", value=selector)[ELEMENT]
        return found

    def _get(self, path: str) -> Any:
        return _value(self._http.get(path))

    def _post(self, path: str, **body: Any) -> Any:
        return _value(self._http.post(path, json=body))


@contextmanager
def open_browser(folder: Path) -> Iterator[Browser]:
    """A browser with a profile of its own, gone with its driver at the end; on the main thread."""
    assert CHROMEDRIVER is not None
    log = folder / "chromedriver.log"
    with running([CHROMEDRIVER, "--port=0"], log):
        found = _poll(lambda: _STARTED.search(log.read_text()), START_SECONDS, "the driver's port")
        browser = _start(f"http://127.0.0.1:{found.group(1)}", folder)
        try:
            yield browser
        finally:
            browser.close()


def _start(driver_url: str, folder: Path) -> Browser:
    options = {
        "args": [*_ARGUMENTS, f"--user-data-dir={folder / 'profile'}"],
        **({"binary": CHROMIUM} if CHROMIUM else {}),
    }
    wanted = {"capabilities": {"alwaysMatch": {"goog:chromeOptions": options}}}
    made = _value(
        httpx.post(f"{driver_url}/session", json=wanted, timeout=START_SECONDS, trust_env=False)
    )
    process_id = made["capabilities"]["goog:processID"]
    return Browser(f"{driver_url}/session/{made['sessionId']}", process_id)


def _value(response: httpx.Response) -> Any:
    value = response.json()["value"]
    assert not response.is_error, value
    return value


def _poll(ask: Callable[[], Any], seconds: float, what: str) -> Any:
    """Another process gives no event to wait for."""
    until = time.monotonic() + seconds
    while not (value := ask()):
        if time.monotonic() > until:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(POLL_SECONDS)
    return value
