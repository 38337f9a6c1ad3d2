"""The whole way of a login over HTTP, from the 401 to the answer of a tool."""

from pathlib import Path

from onecgw.auth.caller import ALL_SCOPES
from tests.builders.oauth_rig import CALLBACK, ISSUER, SALES_KEY, hidden, open_oauth, redirect_of

METADATA = f'resource_metadata="{ISSUER}/.well-known/oauth-protected-resource/mcp"'


async def test_a_client_goes_from_401_to_a_tool_result(tmp_path: Path) -> None:
    async with open_oauth(tmp_path) as oauth:
        challenge = (await oauth.rpc(None, "tools/list")).headers["www-authenticate"]
        resource = (await oauth.http.get("/.well-known/oauth-protected-resource/mcp")).json()
        server = (await oauth.http.get("/.well-known/oauth-authorization-server")).json()
        login = await oauth.login()
        answer = await oauth.call_tool(login.access)

    assert challenge == f'Bearer {METADATA}, scope="{" ".join(ALL_SCOPES)}"'
    assert resource["authorization_servers"] == [ISSUER] == [server["issuer"]]
    assert login.redirect["iss"] == ISSUER
    assert login.redirect["state"] == "state-1"
    assert answer.status_code == 200
    assert answer.json()["result"]["structuredContent"]["rows"] == [["2026-05-01"]]
    assert oauth.rig.onec.requests[-1].headers["x-mcp-sub"] == "owner"
    assert oauth.rig.audit[-1].sub == "owner"
    assert oauth.rig.audit[-1].client == "Test client"
    assert oauth.event_names == [
        "client.registered",
        "authorize.shown",
        "key.ok",
        "consent.allowed",
        "code.issued",
        "code.redeemed",
        "token.issued",
    ]


async def test_a_call_runs_under_what_the_person_ticked(tmp_path: Path) -> None:
    async with open_oauth(tmp_path) as oauth:
        login = await oauth.login(scopes=("mcp:resolve",))
        listed = await oauth.rpc(login.access, "tools/list")

    assert login.tokens["scope"] == "mcp:resolve"
    names = {tool["name"] for tool in listed.json()["result"]["tools"]}
    assert names == {
        "resolve_customer",
        "resolve_warehouse",
        "resolve_product",
        "product_details",
        "resolve_sales_channel",
    }


async def test_a_scope_that_the_person_may_add_is_a_403_that_says_so(tmp_path: Path) -> None:
    async with open_oauth(tmp_path) as oauth:
        login = await oauth.login(scopes=("mcp:resolve",))
        response = await oauth.call_tool(login.access)

    assert response.status_code == 403
    assert response.headers["www-authenticate"] == (
        'Bearer error="insufficient_scope", error_description="the person has to allow more", '
        f'{METADATA}, scope="mcp:resolve mcp:report:sales"'
    )
    denied = oauth.events[-1]
    assert (denied.event, denied.sub, denied.detail) == (
        "scope.denied",
        "owner",
        "mcp:report:sales",
    )
    assert denied.request_id == response.headers["x-request-id"]


async def test_a_scope_that_the_account_lacks_is_no_challenge(tmp_path: Path) -> None:
    async with open_oauth(tmp_path) as oauth:
        login = await oauth.login(SALES_KEY)
        hidden_tool = await oauth.call_tool(login.access, "stock_balance")
        unknown_tool = await oauth.call_tool(login.access, "no_such_tool")
        measure = await oauth.call_tool(login.access, measures=["cost"])

    assert hidden_tool.status_code == unknown_tool.status_code == 200
    assert hidden_tool.json()["error"]["code"] == unknown_tool.json()["error"]["code"] == -32602
    assert measure.status_code == 200
    assert measure.json()["result"]["isError"] is True
    assert "insufficient_scope" in measure.json()["result"]["content"][0]["text"]


async def test_a_refused_consent_goes_back_as_access_denied(tmp_path: Path) -> None:
    async with open_oauth(tmp_path) as oauth:
        client_id = (await oauth.register())["client_id"]
        consent = await oauth.open_consent(client_id)
        answer = await oauth.post_form(
            {"transaction": hidden(consent, "transaction"), "answer": "deny"}
        )
        state = oauth.state()

    assert answer.status_code == 303
    assert answer.headers["location"].startswith(f"{CALLBACK}?")
    assert redirect_of(answer) == {
        "error": "access_denied",
        "error_description": "the person did not agree",
        "state": "state-1",
        "iss": ISSUER,
    }
    assert state == {"grants": [], "codes": [], "tokens": [], "transactions": []}
