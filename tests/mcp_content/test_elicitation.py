"""customer_summary by a name of several customers: the person chooses, if the client can ask."""

import json
from typing import Any

import httpx
import pytest

from onecgw.auth.caller import ALL_SCOPES, Caller
from onecgw.mcp.engine import Engine
from tests.builders.gateway_rig import Rig, answering, make_engine, open_rig
from tests.builders.mcp_engine import META, Recorder, ask, handshake, send, stateless

NO_CHOICES: tuple[Any, ...] = ([1], {}, None, 7)
OLENA = Caller(sub="olena", scopes=frozenset(ALL_SCOPES))
ARGUMENTS = {"customer": "ром", "period": {"from": "2026-05-01", "to": "2026-05-31"}}
CANDIDATES = [
    {"id": "c1", "label": "Ромашка", "city": "Київ"},
    {"id": "c2", "label": "Ромашка", "city": "Київ"},
    {"id": "c3", "label": "Ромб"},
]
LABELS = ["Ромашка (Київ)", "Ромашка (Київ), c2", "Ромб"]
FORM = {
    "mode": "form",
    "message": "Several fit. Which customer is meant?",
    "requestedSchema": {
        "type": "object",
        "properties": {"customer": {"type": "string", "title": "Customer", "enum": LABELS}},
        "required": ["customer"],
    },
}


def onec(request: httpx.Request) -> httpx.Response:
    if request.url.path.endswith("/resolve/customer"):
        return httpx.Response(200, json={"candidates": CANDIDATES})
    chosen = json.loads(request.content)["customer_id"]
    return httpx.Response(200, json={"customer": {"id": chosen}, "totals": {}})


def chosen(label: str) -> dict[str, Any]:
    return {"action": "accept", "content": {"customer": label}}


async def ask_stateless(engine: Engine, **params: Any) -> Any:
    meta: dict[str, Any] = {f"{META}clientCapabilities": {"elicitation": {}}}
    call = stateless(
        "tools/call", name="customer_summary", arguments=ARGUMENTS, meta=meta, **params
    )
    return (await ask(engine, call, caller=OLENA))["result"]


def cards(rig: Rig) -> list[Any]:
    """The cards that were requested from 1C."""
    bodies = [json.loads(request.content) for request in rig.onec.requests]
    return [body["customer_id"] for body in bodies if "customer_id" in body]


@pytest.mark.parametrize(("label", "meant"), list(zip(LABELS, ("c1", "c2", "c3"), strict=True)))
async def test_the_stateless_era_asks_between_two_rounds(label: str, meant: str) -> None:
    async with open_rig(onec) as rig:
        engine = make_engine(rig.gateway)
        first = await ask_stateless(engine)
        assert first["resultType"] == "input_required"
        assert first["inputRequests"] == {"which": {"method": "elicitation/create", "params": FORM}}
        second = await ask_stateless(
            engine, inputResponses={"which": chosen(label)}, requestState=first["requestState"]
        )
    assert second["structuredContent"]["customer"] == {"id": meant}
    assert cards(rig) == [meant]


@pytest.mark.parametrize(
    "answer",
    [
        {"action": "decline"},
        {"action": "cancel"},
        chosen("else"),
        *({"action": "accept", "content": {"customer": odd}} for odd in NO_CHOICES),
        {"action": "accept", "content": {}},
    ],
)
async def test_a_person_who_does_not_choose_is_not_guessed_for(answer: Any) -> None:
    async with open_rig(onec) as rig:
        result = await ask_stateless(make_engine(rig.gateway), inputResponses={"which": answer})
    assert result["isError"] is True
    assert "did not choose; do not guess" in result["content"][0]["text"]
    assert cards(rig) == []


async def test_a_form_says_that_more_fit_than_are_offered() -> None:
    many = [{"id": f"c{number}", "label": f"Ромашка {number}"} for number in range(11)]

    async with open_rig(answering(json.dumps({"candidates": many}).encode())) as rig:
        first = await ask_stateless(make_engine(rig.gateway))
    form = first["inputRequests"]["which"]["params"]
    assert len(form["requestedSchema"]["properties"]["customer"]["enum"]) == 10
    assert form["message"] == (
        "More than 10 fit. Which customer is meant? If it is not among them, decline and give more "
        "of the name."
    )


async def test_the_handshake_era_asks_on_the_stream() -> None:
    async with open_rig(onec) as rig:
        engine = make_engine(rig.gateway)
        hello = handshake(
            "initialize", protocolVersion="2025-06-18", capabilities={"elicitation": {}}
        )
        session = (await send(engine, hello, caller=OLENA)).session_id

        async def respond(request: Any) -> None:
            assert request["params"] == FORM
            answer = {"jsonrpc": "2.0", "id": request["id"], "result": chosen("Ромб")}
            await ask(engine, answer, caller=OLENA, session_id=session)

        call = handshake("tools/call", name="customer_summary", arguments=ARGUMENTS)
        result = (
            await ask(
                engine,
                call,
                caller=OLENA,
                session_id=session,
                channel=Recorder(on_send=respond),
            )
        )["result"]
    assert result["structuredContent"]["customer"] == {"id": "c3"}


async def test_a_client_that_cannot_ask_gets_the_candidates() -> None:
    call = handshake("tools/call", name="customer_summary", arguments=ARGUMENTS)
    async with open_rig(onec) as rig:
        result = (await ask(make_engine(rig.gateway), call, caller=OLENA))["result"]
    assert result["isError"] is True
    text = result["content"][0]["text"]
    assert text.startswith("ambiguous: customer: several fit.")
    assert "id c3" in text
    assert cards(rig) == []
