from typing import Any

import pytest

from onecgw.auth.caller import ALL_SCOPES, MONEY, RESOLVE, SALES, STOCK, Caller
from onecgw.mcp_content import INSTRUCTIONS
from tests.builders.gateway_rig import answering, make_engine, open_rig
from tests.builders.mcp_engine import ask, stateless

TICKED = frozenset({RESOLVE, SALES, STOCK})
AGAIN = (
    "This login does not see money (cash, cash flow, debts, the cash conversion cycle); cost,"
    " profit and margin: if a question needs that, say so, and that the person can log in again"
    " and tick it on the page."
)
ADMINISTRATOR = (
    "This account does not see cost, profit and margin: if a question needs that, say that the"
    " administrator of the gateway decides about it."
)


async def instructions(message: dict[str, Any], caller: Caller) -> str:
    async with open_rig(answering(b"{}")) as rig:
        answer = await ask(make_engine(rig.gateway), message, caller=caller)
    text: str = answer["result"]["instructions"]
    return text


@pytest.mark.parametrize(
    ("scopes", "entitled", "said"),
    [
        (frozenset(ALL_SCOPES), frozenset(ALL_SCOPES), ""),
        (TICKED, frozenset(ALL_SCOPES), f" {AGAIN}"),
        (TICKED | {MONEY}, TICKED, f" {ADMINISTRATOR}"),
    ],
)
async def test_instructions_say_what_the_login_hides_and_who_can_change_that(
    scopes: frozenset[str], entitled: frozenset[str], said: str
) -> None:
    caller = Caller(sub="olena", scopes=scopes, entitled=entitled)

    assert await instructions(stateless("server/discover"), caller) == INSTRUCTIONS + said
