"""A person without a browser: reads the pages of a login and fills in their forms."""

import html
import re

import httpx


async def log_in(
    http: httpx.AsyncClient,
    url: str,
    *,
    key: str,
    untick: frozenset[str] = frozenset(),
    tick: frozenset[str] = frozenset(),
) -> str:
    """Go through both pages; the address that the browser is sent to in the end.

    untick, tick: scopes that the person changes on the consent page.
    """
    page = await http.get(url)
    assert page.status_code == 200, page.text
    endpoint = str(page.url.join("/oauth/authorize"))
    consent = await http.post(endpoint, data={"request": field(page, "request"), "key": key})
    assert consent.status_code == 200, consent.text
    scopes = (ticked(consent) | tick) - untick
    answer = await http.post(
        endpoint,
        data={
            "transaction": field(consent, "transaction"),
            "scope": sorted(scopes),
            "answer": "allow",
        },
    )
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def field(page: httpx.Response, name: str) -> str:
    """The value of a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]+)"', page.text)
    assert found, page.text
    return html.unescape(found[1])


def offered(page: httpx.Response) -> frozenset[str]:
    """The scopes of a consent page."""
    return frozenset(re.findall(r'name="scope" value="([^"]+)"', page.text))


def ticked(page: httpx.Response) -> frozenset[str]:
    """Those that are ticked."""
    return frozenset(re.findall(r'name="scope" value="([^"]+)" id="[^"]+" checked', page.text))
