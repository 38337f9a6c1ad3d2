"""Rate limits of the OAuth endpoints."""

from quart import request

from onecgw.errors import RateLimited
from onecgw.gateway.rate_limit import CallRate
from onecgw.oauth.events import EventRecorder
from onecgw.web.oauth.responses import request_origin


class AuditedRateLimit:
    """A token bucket for each client or address, which records its refusals in the audit.

    Args:
        record_event: writes to the audit.
        per_minute: as CallRate's calls_per_minute; 0 = no limit.
        refill: as CallRate's refill.
    """

    def __init__(self, record_event: EventRecorder, per_minute: int, *, refill: float = 1) -> None:
        self._record_event = record_event
        self._rate = CallRate(per_minute, refill=refill)
        self._record_rate = CallRate(1)

    def take(self, bucket: str, *, client: str = "") -> None:
        """Count a request. client: its name for the audit, "" if unknown.

        Raises:
            RateLimited: the bucket is empty.
        """
        try:
            self._rate.take(bucket)
        except RateLimited:
            self._record(bucket, client)
            raise

    def _record(self, bucket: str, client: str) -> None:
        try:
            self._record_rate.take(bucket)
        except RateLimited:
            return  # one record a minute is enough
        self._record_event("ratelimit.hit", request_origin(), client=client, detail=request.path)
