"""kill -9 and failing disks between any two writes leave either nothing or all of a transition."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Final

import pytest

from onecgw.storage.database import Database
from onecgw.storage.schema import FIRST, MIGRATIONS
from tests.builders.oauth_services import TRANSITIONS, Step, World, state_of, walk

MAX_STATEMENTS: Final = 40
GROUPS: Final = 4
NAMES: Final = tuple(TRANSITIONS)


class Faulty(sqlite3.Connection):
    """A connection to which something happens before one statement of a transaction."""

    at: ClassVar[int | None] = None
    count: ClassVar[int] = 0
    happens: ClassVar[Callable[[], None]]

    def execute(self, *arguments: Any) -> sqlite3.Cursor:
        if arguments[0] == "PRAGMA synchronous = FULL":
            # kill -9 takes nothing from the kernel, and waiting for disks takes most of the time.
            return super().execute("PRAGMA synchronous = OFF")
        self._count(arguments[0])
        return super().execute(*arguments)

    def executemany(self, *arguments: Any) -> sqlite3.Cursor:
        self._count(arguments[0])
        return super().executemany(*arguments)

    def _count(self, statement: str) -> None:
        is_part = self.in_transaction or statement.startswith("BEGIN")
        if Faulty.at is None or not is_part or statement == "ROLLBACK":
            return
        Faulty.count += 1
        if Faulty.count - 1 == Faulty.at:
            Faulty.happens()


@contextmanager
def faulty_connections() -> Iterator[None]:
    """Every connection that is opened can be made to fail."""
    connect = sqlite3.connect

    def connect_faulty(*arguments: Any, **options: Any) -> sqlite3.Connection:
        return connect(*arguments, factory=Faulty, **options)

    sqlite3.connect = connect_faulty  # type: ignore[assignment]
    try:
        yield
    finally:
        sqlite3.connect = connect
        Faulty.at = None


@contextmanager
def fault(at: int, happens: Callable[[], None]) -> Iterator[None]:
    """Something happens before the n-th statement of what is done meanwhile."""
    Faulty.at, Faulty.count, Faulty.happens = at, 0, staticmethod(happens)
    try:
        yield
    finally:
        Faulty.at = None


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def fill_disk() -> None:
    raise sqlite3.OperationalError("database or disk is full")


def prepare(folder: Path, steps: tuple[Step, ...]) -> Any:
    """A world in which steps were taken, left to the next process; its state."""
    with faulty_connections():
        world = World(folder)
        walk(world, *steps)
        state = state_of(world.store)
        world.leave()
    return state


def in_a_child(work: Callable[[], object]) -> int:
    """Run in a process of its own; its exit code."""
    child = os.fork()
    if child == 0:
        work()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def crash_everywhere(folder: Path, names: list[str]) -> None:
    """Run each transition killed before its n-th statement, for every n, until it survives.

    Writes, by name, the states of the database: before all, after each kill, at the end.
    """
    states: dict[str, list[Any]] = {}
    for name in names:
        home = folder / name
        *before, last = TRANSITIONS[name]

        def die(home: Path, last: Step, number: int) -> None:
            with faulty_connections():
                world = World(home)
                with fault(number, kill):
                    walk(world, last)

        states[name] = [prepare(home, tuple(before))]
        for number in range(MAX_STATEMENTS):
            code = in_a_child(partial(die, home, last, number))
            states[name].append(state_in(home))
            if code == 0:
                break
            if code != -signal.SIGKILL:
                sys.exit(f"{name}: {code}")
    sys.stdout.write(json.dumps(states))


def state_in(folder: Path) -> Any:
    """What the next process finds."""
    with faulty_connections():
        store = Database(folder / "onecgw.db")
    try:
        return state_of(store)
    finally:
        store.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked and killed")
@pytest.mark.parametrize("group", range(GROUPS))
def test_a_killed_transition_leaves_nothing_or_all(tmp_path: Path, group: int) -> None:
    names = list(NAMES[group::GROUPS])
    folder = tmp_path / "crashes"
    folder.mkdir()
    call = f"crash_everywhere(Path({str(folder)!r}), {names!r})"
    program = f"from tests.oauth.test_crash import *; {call}"
    done = subprocess.run(  # noqa: S603 - our own text
        [sys.executable, "-c", program], capture_output=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr.decode()
    states = json.loads(done.stdout)
    assert list(states) == names
    for name, (nothing, *killed, survived) in states.items():
        # The commit is the last statement: before it, nothing has happened.
        assert 3 <= len(killed) < MAX_STATEMENTS, name  # BEGIN, at least one write, COMMIT
        assert killed == [nothing] * len(killed), name
        assert survived == prepare(tmp_path / name, TRANSITIONS[name]) != nothing, name


@pytest.mark.parametrize("name", TRANSITIONS)
def test_a_failed_write_leaves_everything_as_it_was_and_can_be_repeated(
    tmp_path: Path, name: str
) -> None:
    expected = prepare(tmp_path / "expected", TRANSITIONS[name])
    *before, last = TRANSITIONS[name]
    nothing = prepare(tmp_path / "tried", tuple(before))
    with faulty_connections():
        world = World(tmp_path / "tried")
        for number in range(MAX_STATEMENTS):
            with fault(number, fill_disk):
                walk(world, last)
                has_failed = Faulty.count > number
            if not has_failed:
                break
            assert state_of(world.store) == nothing
        state = state_of(world.store)
        world.leave()
    assert state == expected
    assert 3 <= number < MAX_STATEMENTS - 1  # BEGIN, at least one write, COMMIT


def test_a_first_start_that_failed_anywhere_is_repeated(tmp_path: Path) -> None:
    with faulty_connections():
        for number in range(MAX_STATEMENTS):
            path = tmp_path / f"{number}.db"
            with fault(number, fill_disk):
                try:
                    Database(path).close()
                except Exception as error:  # noqa: BLE001 - named in the next line
                    assert type(error).__name__ == "ConfigError"
                has_failed = Faulty.count > number
            store = Database(path)
            version = store.read(lambda db: db.execute("PRAGMA user_version").fetchone()[0])
            store.close()
            assert version == FIRST + len(MIGRATIONS) - 1
            if not has_failed:
                assert number > 10
                return
    pytest.fail("the first start never ends")
