"""What a single call to 1C must not exceed."""

import attrs

from onecgw.backends.odata.url import Spelling


@attrs.frozen(kw_only=True)
class Bounds:
    """What a call to 1C must not exceed.

    url_bytes: of path and query under `/odata/standard.odata/`. rows: of one answer.
    buckets: days, weeks or months, each of which is a call.
    """

    url_bytes: int
    rows: int
    buckets: int
    spelling: Spelling = Spelling.PATH
    is_partial_allowed: bool = False
