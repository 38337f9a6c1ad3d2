"""A person without a browser: reads the pages of a login and fills in their forms."""

import html
import re
import secrets
from urllib.parse import parse_qs, urlsplit

import httpx

from onecgw.oauth.secrets import pkce_challenge


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


async def fetch_token(http: httpx.AsyncClient, *, key: str, scopes: tuple[str, ...]) -> str:
    """Register a client and log in with it; the access token for as many of the scopes as given."""
    callback = "http://localhost:3031/callback"
    registered = await http.post("/oauth/register", json={"redirect_uris": [callback]})
    client_id = registered.json()["client_id"]
    verifier = secrets.token_urlsafe(48)
    query = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": callback,
        "code_challenge": pkce_challenge(verifier),
        "code_challenge_method": "S256",
        "scope": " ".join(scopes),
    }
    url = str(httpx.URL("/oauth/authorize", params=query))
    location = await log_in(http, url, key=key, tick=frozenset(scopes))
    answer = await http.post(
        "/oauth/token",
        data={
            "grant_type": "authorization_code",
            "client_id": client_id,
            "code": parse_qs(urlsplit(location).query)["code"][0],
            "code_verifier": verifier,
        },
    )
    assert answer.status_code == 200, answer.text
    token: str = answer.json()["access_token"]
    return token


async def list_tools(http: httpx.AsyncClient, token: str) -> frozenset[str]:
    """The names of the tools that a token opens."""
    answer = await http.post(
        "/mcp",
        json={"jsonrpc": "2.0", "id": 1, "method": "tools/list"},
        headers={"authorization": f"Bearer {token}"},
    )
    return frozenset(tool["name"] for tool in answer.json()["result"]["tools"])


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
