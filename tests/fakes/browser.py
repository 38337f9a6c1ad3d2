"""Headless Chromium, driven over the WebDriver protocol by plain HTTP."""

import base64
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx

CHROMEDRIVER: Final = shutil.which("chromedriver")
CHROMIUM: Final = shutil.which("chromium") or shutil.which("chromium-browser")
_STARTED: Final = re.compile(r"started successfully on port (\d+)")
_ARGUMENTS: Final = (
    "--headless=new",
    "--no-sandbox",  # tests run as root in containers
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--force-device-scale-factor=1",
    "--lang=en-US",
)


class Browser:
    """One window of a browser."""

    def __init__(self, session_url: str, process_id: int) -> None:
        self.process_id = process_id
        self._session_url = session_url
        self._http = httpx.Client(base_url=session_url, timeout=30, trust_env=False)

    def open(self, path: Path) -> None:
        self._post("/url", url=path.as_uri())

    def resize(self, width: int, height: int) -> None:
        self._post("/window/rect", width=width, height=height)

    def run(self, script: str) -> Any:
        """The value that a script returns in the current frame."""
        return self._post("/execute/sync", script=script, args=[])

    def enter_frame(self) -> None:
        self._post("/frame", id=0)

    def leave_frame(self) -> None:
        self._post("/frame", id=None)

    def wait(self, script: str, *, seconds: float = 10) -> Any:
        """The first true value of a script."""
        return _poll(lambda: self.run(script), seconds, script)

    def screenshot(self) -> bytes:
        answer = self._http.get("/screenshot").raise_for_status()
        return base64.b64decode(answer.json()["value"])

    def close(self) -> None:
        """End the browser's process."""
        try:  # the base URL would get a slash at its end, and that is another URL
            self._http.delete(self._session_url).raise_for_status()
        finally:
            self._http.close()

    def _post(self, path: str, **body: Any) -> Any:
        answer = self._http.post(path, json=body)
        value = answer.json()["value"]
        if answer.is_error:
            raise AssertionError(value)
        return value


@contextmanager
def open_browser(log: Path) -> Iterator[Browser]:
    """A browser of its own, gone with its driver at the end."""
    assert CHROMEDRIVER is not None
    with log.open("w") as out:
        driver = subprocess.Popen(  # noqa: S603 - a program that is installed
            [CHROMEDRIVER, "--port=0"], stdout=out, stderr=subprocess.STDOUT
        )
    try:
        found = _poll(lambda: _STARTED.search(log.read_text()), 20, "chromedriver's port")
        base_url = f"http://127.0.0.1:{found.group(1)}"
        options = {"args": list(_ARGUMENTS), **({"binary": CHROMIUM} if CHROMIUM else {})}
        wanted = {"capabilities": {"alwaysMatch": {"goog:chromeOptions": options}}}
        created = httpx.post(f"{base_url}/session", json=wanted, timeout=60, trust_env=False)
        value = created.json()["value"]
        assert "sessionId" in value, value
        process_id = value["capabilities"]["goog:processID"]
        browser = Browser(f"{base_url}/session/{value['sessionId']}", process_id)
        try:
            yield browser
        finally:
            browser.close()
    finally:
        driver.terminate()
        driver.wait(10)


def _poll(ask: Callable[[], Any], seconds: float, what: str) -> Any:
    """Another process gives no event to wait for."""
    until = time.monotonic() + seconds
    while not (value := ask()):
        if time.monotonic() > until:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.02)
    return value
