"""How old the keys behind a report may be."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from trio.testing import MockClock

from onecgw.backends.odata.loading import FILTER_KEYS_SECONDS, Days, Keys, Loading
from onecgw.backends.odata.profile import KeySet
from onecgw.backends.odata.profile_reader import load_profile

DAYS = (date(2026, 5, 1), date(2026, 5, 31))


class CountedLoading(Loading):
    """A loader that counts how often a key set is read."""

    reads = 0

    async def _keys(self, _sets: Sequence[KeySet], _days: Days) -> Keys:
        self.reads += 1
        return {f"key {self.reads}": {}}


async def test_a_filtered_report_does_not_trust_keys_that_were_kept_for_long(
    mock_clock: MockClock,
) -> None:
    unused: Any = None
    loading = CountedLoading(unused, load_profile("ut"), unused, ttl_seconds=600)

    async def key_for(*, is_filtered: bool) -> list[str]:
        return list(await loading.keys("partner_key", DAYS, is_filtered=is_filtered))

    assert await key_for(is_filtered=False) == ["key 1"]
    mock_clock.jump(FILTER_KEYS_SECONDS - 1)
    assert await key_for(is_filtered=True) == ["key 1"]
    mock_clock.jump(1)
    assert await key_for(is_filtered=False) == ["key 1"]
    assert await key_for(is_filtered=True) == ["key 2"]
    assert await key_for(is_filtered=False) == ["key 2"]
    mock_clock.jump(600)
    assert await key_for(is_filtered=False) == ["key 3"]
