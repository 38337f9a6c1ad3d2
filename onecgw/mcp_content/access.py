"""What a caller's scopes hide, as a sentence for the model."""

from typing import Final

from onecgw.auth.caller import ALL_SCOPES, COST, MONEY, RESOLVE, SALES, STOCK
from onecgw.auth.context import CallContext

_HIDDEN: Final = {
    RESOLVE: "names",
    SALES: "sales",
    STOCK: "stock",
    MONEY: "money (cash, cash flow, debts, the cash conversion cycle)",
    COST: "cost, profit and margin",
}


def describe_access(context: CallContext) -> str:
    """Say what this caller does not see, and whether a new login can change that; "" = nothing.

    A model that does not know it calls the missing figures zero, or says that there is no such
    report.
    """
    caller = context.caller
    hidden = [scope for scope in ALL_SCOPES if scope not in caller.scopes]
    by_person = [_HIDDEN[scope] for scope in hidden if scope in caller.entitled]
    by_administrator = [_HIDDEN[scope] for scope in hidden if scope not in caller.entitled]
    sentences = []
    if by_person:
        sentences.append(
            f"This login does not see {'; '.join(by_person)}: if a question needs that, say so, and"
            " that the person can log in again and tick it on the page."
        )
    if by_administrator:
        sentences.append(
            f"This account does not see {'; '.join(by_administrator)}: if a question needs that,"
            " say that the administrator of the gateway decides about it."
        )
    return " ".join(sentences)
