import ctypes

import pytest

from onecgw.app.heap import tune_heap


def test_heap_is_left_alone_where_the_c_library_is_another(monkeypatch: pytest.MonkeyPatch) -> None:
    class Musl:
        """It has no mallopt."""

    asked: list[object] = []

    def load(name: object) -> Musl:
        asked.append(name)
        return Musl()

    monkeypatch.setattr(ctypes, "CDLL", load)
    tune_heap()
    assert asked == [None]
