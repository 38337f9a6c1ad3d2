"""Write the pictures of the pages into docs/images: `python -m tests.oauth.screenshots`."""

from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import trio

from tests.builders.oauth_rig import OWNER_KEY
from tests.web.test_oauth_browser import Scene, do, open_scene

IMAGES: Final = Path(__file__).parents[2] / "docs" / "images"
PHONE: Final = (390, 760)
DESK: Final = (1100, 820)


async def take_all(folder: Path) -> None:
    """The pages in light and dark, on a phone and on a desk, in three languages."""
    async with open_scene(folder) as scene:
        await _take(scene, "en-phone", language="en", size=PHONE, dark=False)
        await _take(scene, "uk-phone-dark", language="uk", size=PHONE, dark=True)
        await _take(scene, "ru-desk", language="ru", size=DESK, dark=False)
        await _open(scene, "landing-uk-phone-dark", "/mcp", language="uk", size=PHONE, dark=True)
        await _open(scene, "landing-en-desk", "/mcp", language="en", size=DESK, dark=False)
        await _open(scene, "docs-en-desk", "/docs", language="en", size=DESK, dark=False)
        await _open(
            scene,
            "docs-ru-phone",
            "/docs?lang=ru#debt_aging",
            language="ru",
            size=PHONE,
            dark=False,
        )


async def _take(
    scene: Scene, name: str, *, language: str, size: tuple[int, int], dark: bool
) -> None:
    browser = scene.browser
    await do(browser.speak, language)
    look = partial(browser.look, width=size[0], height=size[1], dark=dark, scale=1.5)
    await do(look)
    await scene.start("Claude Code")
    await _save(f"oauth-key-{name}.png", await do(browser.picture))
    if language == "en":
        await do(browser.type, "#key", "a key with a typing mistake")
        await do(browser.click, "#next")
        await do(browser.text, "#key-error")
        await _save(f"oauth-key-error-{name}.png", await do(browser.picture))
    await do(browser.type, "#key", OWNER_KEY)
    await do(browser.click, "#next")
    await do(browser.text, "#allow")
    await _save(f"oauth-consent-{name}.png", await do(browser.picture))


async def _open(
    scene: Scene, name: str, path: str, *, language: str, size: tuple[int, int], dark: bool
) -> None:
    """A page without a login: what its window shows."""
    browser = scene.browser
    await do(browser.speak, language)
    await do(partial(browser.look, width=size[0], height=size[1], dark=dark, scale=1.5))
    await do(browser.open, scene.oauth.issuer + path)
    await _save(f"{name}.png", await do(browser.screenshot))


async def _save(name: str, picture: bytes) -> None:
    await trio.Path(IMAGES).mkdir(parents=True, exist_ok=True)
    await trio.Path(IMAGES / name).write_bytes(picture)


if __name__ == "__main__":
    with TemporaryDirectory() as temporary:
        trio.run(take_all, Path(temporary))
