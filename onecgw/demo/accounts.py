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


ACCOUNTS: Final = (
    Account(key="demo-owner-key", sub="demo-owner", name="Олена Велимаренко", scopes=ALL_SCOPES),
    Account(
        key="demo-sales-key", sub="demo-sales", name="Пётр Тихоберегов", scopes=(RESOLVE, SALES)
    ),
    Account(
        key="demo-warehouse-key",
        sub="demo-warehouse",
        name="Богдан Лугобрід",
        scopes=(RESOLVE, STOCK),
    ),
    Account(
        key="demo-treasurer-key",
        sub="demo-treasurer",
        name="Zofia Jasnoborek",
        scopes=(RESOLVE, MONEY),
    ),
)

BY_KEY: Final = {account.key: account for account in ACCOUNTS}
