"""The two ends of a connection, as ASGI scopes contain them."""

import attrs

Address = tuple[str, int] | None


@attrs.frozen(kw_only=True)
class Endpoints:
    """The two ends of a connection. scheme: http or https."""

    scheme: str
    client: Address
    server: Address
