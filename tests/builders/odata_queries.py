"""Sends queries to the demo's OData service, in memory."""

import base64
import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote

import attrs
import trio

from onecgw.demo.odata.app import ODataApp

LOGIN, PASSWORD = "Шлюз", "пароль"
AUTHORIZATION: Final = b"Basic " + base64.b64encode(f"{LOGIN}:{PASSWORD}".encode())
ROOT: Final = "/trade/odata/standard.odata/"
# What may stand unencoded in a URL of 1C; a space must be %20.
_PATH_SAFE, _QUERY_SAFE = "/(),=':$", "$,()':/;*="
Entity = Mapping[str, Any]


@attrs.frozen(kw_only=True)
class Reply:
    """An answer, as it left."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body, parse_float=Decimal)

    @property
    def error(self) -> tuple[int, str]:
        """The status, and the code of an error in JSON."""
        return self.status, self.json["odata.error"]["code"]


def send(
    app: ODataApp,
    raw_target: str,
    *,
    method: str = "GET",
    headers: Iterable[tuple[bytes, bytes]] = ((b"authorization", AUTHORIZATION),),
) -> Reply:
    """Send a request line as it stands; only what is not ASCII is encoded."""
    path, _, query = quote(raw_target, safe="/?&+%=()',:;$*!@").encode().partition(b"?")
    events: list[Any] = []

    async def collect(event: Any) -> None:
        events.append(event)

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {
        "type": "http",
        "method": method,
        "path": raw_target.partition("?")[0],
        "raw_path": path,
        "query_string": query,
        "headers": [(b"host", b"demo.test"), *headers],
    }
    trio.run(app, scope, receive, collect)
    return Reply(
        status=events[0]["status"],
        headers={name.decode(): value.decode() for name, value in events[0]["headers"]},
        body=b"".join(event["body"] for event in events[1:]),
    )


def get(app: ODataApp, path: str, fmt: str = "json", **options: str) -> Reply:
    """Ask for a path with options: `filter` is $filter, `allowedOnly` itself."""
    named = {
        name if name[0].isupper() or name == "allowedOnly" else f"${name}": value
        for name, value in {"format": fmt, **options}.items()
        if value
    }
    query = "&".join(f"{name}={quote(value, safe=_QUERY_SAFE)}" for name, value in named.items())
    return send(app, f"{ROOT}{quote(path, safe=_PATH_SAFE)}?{query}")


def rows(app: ODataApp, path: str, **options: str) -> list[Entity]:
    """The rows of an answer that must be one."""
    reply = get(app, path, **options)
    assert reply.status == 200, (path, options, reply.body.decode())
    found: list[Entity] = reply.json["value"]
    return found


def by_key(app: ODataApp, entity_set: str) -> dict[str, Entity]:
    """A whole catalogue by its reference."""
    return {row["Ref_Key"]: row for row in rows(app, entity_set)}


def period(body: Mapping[str, str]) -> str:
    """The arguments of a period, both days inclusive."""
    return (
        f"StartPeriod=datetime'{body['from']}T00:00:00',EndPeriod=datetime'{body['to']}T23:59:59'"
    )
