"""A login in chromium, driven through chromedriver, without any library."""

import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit
from urllib.request import Request, urlopen

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
DRIVER = shutil.which("chromedriver")
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # W3C WebDriver, 12.1
SECONDS = 60


class Browser:
    """One session of chromium."""

    def __init__(self, driver_url: str, folder: Path) -> None:
        arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        options = {"args": [*arguments, f"--user-data-dir={folder}"], "binary": CHROMIUM}
        capabilities = {"alwaysMatch": {"goog:chromeOptions": options}}
        made = _post(f"{driver_url}/session", {"capabilities": capabilities})
        self._url = f"{driver_url}/session/{made['sessionId']}"

    def open(self, url: str) -> None:
        """Go to a page."""
        _post(f"{self._url}/url", {"url": url})

    def type(self, selector: str, text: str) -> None:
        """Type a text into the field of a CSS selector."""
        _post(f"{self._find(selector)}/value", {"text": text})

    def click(self, selector: str) -> None:
        """Click the element of a CSS selector."""
        _post(f"{self._find(selector)}/click", {})

    def close(self) -> None:
        """End the browser."""
        with urlopen(Request(self._url, method="DELETE"), timeout=SECONDS):  # noqa: S310 - loopback
            pass

    def _find(self, selector: str) -> str:
        deadline = time.monotonic() + SECONDS
        while True:
            wanted = {"using": "css selector", "value": selector}
            found = _post(f"{self._url}/elements", wanted)
            if found:
                return f"{self._url}/element/{found[0][ELEMENT]}"
            assert time.monotonic() < deadline, f"the page has no {selector}"
            time.sleep(0.05)


@contextmanager
def open_browser(folder: Path) -> Iterator[Browser]:
    """A browser with a profile of its own."""
    assert DRIVER is not None
    driver = subprocess.Popen(  # noqa: S603 - of the system
        [DRIVER, "--port=0"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert driver.stdout is not None
        for line in driver.stdout:
            if started := re.search(r"started successfully on port (\d+)", line):
                break
        browser = Browser(f"http://127.0.0.1:{started[1]}" if started else "", folder)
        try:
            yield browser
        finally:
            browser.close()
    finally:
        driver.terminate()
        driver.wait(timeout=SECONDS)


def log_in_with_browser(folder: Path, authorize: str, callback: str, key: str) -> str:
    """Type the key, leave the ticks as they are, allow; return the code that the client gets."""
    codes: list[str] = []

    class Client(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            codes.extend(parse_qs(urlsplit(self.path).query).get("code", []))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<p id=done>You may close this page.</p>")

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", urlsplit(callback).port or 0), Client) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        with open_browser(folder) as browser:
            browser.open(authorize)
            browser.type("input[name=key]", key)
            browser.click("#next")
            browser.click("#allow")
            deadline = time.monotonic() + SECONDS
            while not codes:
                assert time.monotonic() < deadline, "the browser did not come back with a code"
                time.sleep(0.05)
        server.shutdown()
    return codes[0]


def _post(url: str, body: dict[str, Any]) -> Any:
    request = Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})  # noqa: S310
    with urlopen(request, timeout=SECONDS) as response:  # noqa: S310 - loopback
        return json.loads(response.read())["value"]
