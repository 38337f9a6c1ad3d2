"""How often an address may ask, and that it was too often, told once a minute."""

from onecgw.errors import RateLimited
from onecgw.gateway.rate_limit import CallRate
from onecgw.oauth.context import Realm
from onecgw.web.oauth.http import Visit


class Limit:
    """Token buckets whose overflow stands in the audit.

    Args:
        realm: whose audit is told.
        per_minute: as of CallRate.
        refill: as of CallRate.
    """

    def __init__(self, realm: Realm, per_minute: int, *, refill: float = 1) -> None:
        self._realm = realm
        self._rate = CallRate(per_minute, refill=refill)
        self._told = CallRate(1)

    def take(self, who: str, visit: Visit, *, client: str = "") -> None:
        """Count a request.

        client: the name of the program that it is about, as far as it is known.

        Raises:
            RateLimited: it is one too many.
        """
        try:
            self._rate.take(who)
        except RateLimited:
            self._tell(who, visit, client)
            raise

    def _tell(self, who: str, visit: Visit, client: str) -> None:
        try:
            self._told.take(who)
        except RateLimited:
            return  # a flood of requests is no flood of records
        self._realm.tell("ratelimit.hit", visit.origin, client=client, detail=visit.request.path)
