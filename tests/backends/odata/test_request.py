from datetime import date

import pytest

from onecgw.backends.odata.reports import CASH_FLOW
from onecgw.backends.odata.request import read_request

PERIOD = {"from": "2026-05-01", "to": "2026-05-31"}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("ADA2D283-6B5A-43DC-8A39-3EABB198C912", "ada2d283-6b5a-43dc-8a39-3eabb198c912"),
        # 36 letters, as many as a UUID has.
        ("ПоступлениеДенежныхСредствИзКассыККМ", "ПоступлениеДенежныхСредствИзКассыККМ"),
    ],
)
def test_only_uuids_are_written_in_small_letters(given: str, expected: str) -> None:
    body = {"period": PERIOD, "filters": {"operation_ids": [given]}}
    request = read_request(CASH_FLOW, body, today=date(2026, 5, 31))
    assert request.filters == {"operation_ids": (expected,)}
