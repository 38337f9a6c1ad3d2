"""The pages as everybody meets them: in contrast, by a screen reader, by keyboard, without CSS."""

from functools import partial
from pathlib import Path
from typing import Any

import attrs
import pytest

from onecgw.settings import RedirectSettings
from onecgw.web.oauth.pages import TEXTS
from tests.builders.browser import IS_THERE, MISSING, TAB, Browser
from tests.builders.oauth_rig import OWNER_KEY
from tests.web.test_oauth_browser import Scene, do, open_scene

pytestmark = [
    pytest.mark.skipif(not IS_THERE, reason=MISSING),
    pytest.mark.xdist_group("browser"),
]
TEXT_CONTRAST = 4.5  # WCAG 2.2, 1.4.3
EDGE_CONTRAST = 3.0  # WCAG 2.2, 1.4.11
LONG_NAME = "Відділ-продажів, закупівель, логістики та бухгалтерії холдингу " + "x" * 17

CONTRASTS = """
const numbers = (color) => color.match(/[\\d.]+/g).map(Number);
const light = ([r, g, b]) => {
  const part = (v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
};
const ratio = (one, other) => {
  const [high, low] = [light(one), light(other)].sort((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
};
const ground = (element) => {
  for (let e = element; e; e = e.parentElement) {
    const color = numbers(getComputedStyle(e).backgroundColor);
    if (color.length === 3 || color[3] > 0) return color.slice(0, 3);
  }
  return [255, 255, 255];
};
const found = [];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const element = walker.currentNode.parentElement;
  if (!walker.currentNode.textContent.trim() || element.tagName === 'STYLE') continue;
  const color = numbers(getComputedStyle(element).color);
  found.push([walker.currentNode.textContent.trim(), ratio(color, ground(element)), arguments[0]]);
}
for (const element of document.querySelectorAll('input[type=password], button.main, #deny')) {
  const color = numbers(getComputedStyle(element).borderTopColor);
  found.push([element.id + ' edge', ratio(color, ground(element.parentElement)), arguments[1]]);
}
if (document.activeElement !== document.body) {
  const style = getComputedStyle(document.activeElement);
  const width = parseFloat(style.outlineWidth);
  const ring = ratio(numbers(style.outlineColor), ground(document.activeElement.parentElement));
  found.push([document.activeElement.id + ' ring', width >= 2 ? ring : 0, arguments[1]]);
}
return found;
"""


async def too_faint(browser: Browser) -> list[Any]:
    """What has too little contrast, of all that the page shows."""
    found = await do(browser.run, CONTRASTS, TEXT_CONTRAST, EDGE_CONTRAST)
    assert len(found) > 2
    return [one for one in found if one[1] < one[2]]


@attrs.frozen(kw_only=True)
class Heard:
    """What a screen reader says of an element."""

    role: str
    name: str
    description: str = ""


async def hear(browser: Browser, *roles: str) -> list[Heard]:
    tree = await do(browser.devtools, "Accessibility.getFullAXTree")

    def text(node: Any, name: str) -> str:
        return str(node.get(name, {}).get("value", ""))

    return [
        Heard(
            role=text(node, "role"), name=text(node, "name"), description=text(node, "description")
        )
        for node in tree["nodes"]
        if not node["ignored"] and text(node, "role") in roles
    ]


async def give_key(scene: Scene, key: str) -> None:
    await do(scene.browser.type, "#key", key)
    await do(scene.browser.click, "#next")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
async def test_everything_on_the_pages_has_contrast(tmp_path: Path, dark: bool) -> None:
    async with open_scene(tmp_path, redirects=RedirectSettings(open_https=True)) as scene:
        browser = scene.browser
        await do(partial(browser.look, width=390, height=800, dark=dark))
        await scene.start(LONG_NAME)
        faint = await too_faint(browser)
        await give_key(scene, "not-a-key")
        await do(browser.text, "#key-error")
        faint += await too_faint(browser)
        await give_key(scene, OWNER_KEY)
        await do(browser.text, "#allow")
        await do(browser.press, TAB)
        faint += await too_faint(browser)
        await do(browser.run, "document.querySelectorAll('input:checked').forEach(e => e.click())")
        await do(browser.click, "#allow")
        await do(browser.text, "#scopes-error")
        faint += await too_faint(browser)
        issuer = scene.oauth.issuer
        await do(browser.open, f"{issuer}/oauth/authorize?client_id=unknown")
        faint += await too_faint(browser)
        await scene.start(redirect_uri="https://stranger.example.org/callback", scope='"')
        await do(browser.text, "#leave")
        faint += await too_faint(browser)
    assert faint == []


@pytest.mark.parametrize("language", ["en", "uk", "ru"])
async def test_a_screen_reader_says_what_the_page_shows(tmp_path: Path, language: str) -> None:
    text = TEXTS[language]
    async with open_scene(tmp_path) as scene:
        browser = scene.browser
        await do(browser.speak, language)
        await scene.start()
        await give_key(scene, "not-a-key")
        await do(browser.text, "#key-error")
        first = await hear(browser, "heading", "textbox", "button")
        focused = await do(browser.focused)
        kinds = await do(browser.run, "return [...document.querySelectorAll('[lang]')].length")
        await give_key(scene, OWNER_KEY)
        await do(browser.text, "#allow")
        await do(browser.run, "document.querySelectorAll('input:checked').forEach(e => e.click())")
        await do(browser.click, "#allow")
        await do(browser.text, "#scopes-error")
        second = await hear(browser, "heading", "group", "checkbox")
        title = await do(browser.run, "return document.title")
        page_language = await do(browser.run, "return document.documentElement.lang")

    assert first[:3] == [
        Heard(role="heading", name=text["key_title"]),
        Heard(
            role="textbox",
            name=text["key_label"],
            description=f"{text['key_hint']} {text['key_invalid']}",
        ),
        Heard(role="button", name=text["key_next"]),
    ]
    assert focused == "key"
    assert kinds == 4  # the page, and each name of a language in its own
    headings = [one for one in second if one.role == "heading"]
    assert headings == [Heard(role="heading", name=text["consent_title"])]
    assert (
        Heard(
            role="group",
            name=text["scopes_legend"],
            description=" ".join(text[f"scopes_{name}"] for name in ("hint", "sensitive", "none")),
        )
        in second
    )
    boxes = [one.name for one in second if one.role == "checkbox"]
    assert [box for box in boxes if box.endswith(text["sensitive"])] == boxes[3:]
    assert title.startswith(text["consent_title"])
    assert page_language == language


async def test_without_css_the_pages_read_in_their_order(tmp_path: Path) -> None:
    async with open_scene(tmp_path) as scene:
        browser = scene.browser
        await scene.start(LONG_NAME)
        await give_key(scene, OWNER_KEY)
        await do(browser.text, "#allow")
        await do(browser.run, "document.querySelectorAll('style').forEach(e => e.remove())")
        lines = (await do(browser.text, "body")).splitlines()
    text = TEXTS["en"]
    wanted = [
        text["consent_title"],
        text["receiver"],
        scene.callback.split("/")[2],
        text["receiver_local"],
        text["client"],
        text["account"],
        text["scopes_legend"],
        text["mcp:resolve"],
    ]
    shown = [line.strip() for line in lines]
    assert [line for line in shown if line in wanted] == wanted
