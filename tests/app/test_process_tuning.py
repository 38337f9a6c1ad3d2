import ctypes
import sys

import pytest

from onecgw.app.process_tuning import tune_process


def test_heap_is_left_alone_where_the_c_library_is_another(monkeypatch: pytest.MonkeyPatch) -> None:
    class Musl:
        """It has no mallopt."""

    names: list[object] = []

    def load(name: object) -> Musl:
        names.append(name)
        return Musl()

    monkeypatch.setattr(ctypes, "CDLL", load)
    monkeypatch.setattr(sys, "setswitchinterval", lambda _seconds: None)
    tune_process()
    assert names == [None]
