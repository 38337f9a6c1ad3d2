"""The people of the demo company: one key per role, with what the role may see."""

from typing import Final

import attrs

from onecgw.auth.caller import ALL_SCOPES, MONEY, RESOLVE, SALES, STOCK


@attrs.frozen(kw_only=True)
class Account:
    """Who has a key.

    scopes: in the order of ALL_SCOPES.
    """

    key: str
    sub: str
    name: str
    scopes: tuple[str, ...]


ACCOUNTS: Final = tuple(
    Account(key=f"demo-{role}-key", sub=f"demo-{role}", name=name, scopes=scopes)
    for role, name, scopes in (
        ("owner", "Олена Велимаренко", ALL_SCOPES),
        ("sales", "Пётр Тихоберегов", (RESOLVE, SALES)),
        ("warehouse", "Богдан Лугобрід", (RESOLVE, STOCK)),
        ("treasurer", "Zofia Jasnoborek", (RESOLVE, MONEY)),
    )
)

BY_KEY: Final = {account.key: account for account in ACCOUNTS}
