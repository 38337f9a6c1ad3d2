"""kill -9 between any two writes leaves either nothing or all of a transition."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from onecgw.caller import ALL_SCOPES
from onecgw.oauth.grants import (
    Grant,
    find_access,
    insert_code,
    insert_grant,
    revoke_grant,
    revoke_token,
)
from onecgw.oauth.issuing import Issued, Lives, Redemption, Refreshing, redeem, refresh
from onecgw.oauth.vault import challenge_of
from onecgw.store import Store

NOW: Final = 1_800_000_000
LIVES: Final = Lives(access=3600, refresh=86_400, code=60, grant=86_400 * 90)
VERIFIER: Final = "v" * 43
MAX_STATEMENTS: Final = 30
TABLES: Final = ("grants", "codes", "tokens")
GRANT: Final = Grant(
    id="g1",
    sub="owner",
    name="Owner",
    client_id="c1",
    client_name="Client",
    resource="https://mcp.example.org/mcp",
    scopes=frozenset(ALL_SCOPES),
    entitled=frozenset(ALL_SCOPES),
    key_hash=b"k",
    key_box=b"box",
    expires_at=NOW + 60,
    verified_at=NOW,
)


def issue_code(db: sqlite3.Connection) -> None:
    insert_grant(db, GRANT, created_at=NOW)
    insert_code(
        db,
        b"code",
        GRANT,
        redirect_uri="http://127.0.0.1/cb",
        challenge=challenge_of(VERIFIER),
        expires_at=NOW + 60,
    )


REDEMPTION: Final = Redemption(
    code_hash=b"code",
    client_id="c1",
    redirect_uri=None,
    resource=None,
    verifier=VERIFIER,
    access_hash=b"access-1",
    refresh_hash=b"refresh-1",
)


def redeem_code(db: sqlite3.Connection) -> None:
    redeem(db, REDEMPTION, LIVES, now=NOW)


def refresh_once(db: sqlite3.Connection) -> None:
    asked = Refreshing(
        token_hash=b"refresh-1",
        client_id="c1",
        resource=None,
        scopes=None,
        access_hash=b"access-2",
        derive=lambda _: ("refresh-2", b"refresh-2"),
    )
    assert isinstance(refresh(db, asked, LIVES, now=NOW + 10), Issued)


def replay_code(db: sqlite3.Connection) -> None:
    redeem_code(db)


def revoke_by_token(db: sqlite3.Connection) -> None:
    revoke_token(db, b"refresh-1", "c1", now=NOW)


def revoke_by_hand(db: sqlite3.Connection) -> None:
    revoke_grant(db, "g1", now=NOW, why="by hand")


# Each transition with what must have happened before it.
TRANSITIONS: Final[dict[str, tuple[Callable[[sqlite3.Connection], None], ...]]] = {
    "issue": (issue_code,),
    "redeem": (issue_code, redeem_code),
    "refresh": (issue_code, redeem_code, refresh_once),
    "replay": (issue_code, redeem_code, replay_code),
    "revoke": (issue_code, redeem_code, revoke_by_token),
    "revoke by hand": (issue_code, redeem_code, revoke_by_hand),
}


class Dying(sqlite3.Connection):
    """A connection whose process is killed before one of its statements."""

    dies_before: int | None = None
    statements: int = 0

    def execute(self, *arguments: Any) -> sqlite3.Cursor:
        cls = type(self)
        if cls.dies_before is not None:
            if cls.statements == cls.dies_before:
                os.kill(os.getpid(), signal.SIGKILL)
            cls.statements += 1
        return super().execute(*arguments)


def crash_everywhere(folder: Path, name: str) -> None:
    """Run the last transition of a row, killed before its n-th statement, for every n.

    Each run is a process of its own and leaves `n.db`; the one that survives is the last.
    """
    for number in range(MAX_STATEMENTS):
        child = os.fork()
        if child == 0:
            run_until_killed(folder / f"{number}.db", name, number)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if os.waitstatus_to_exitcode(status) != -signal.SIGKILL:
            sys.exit(os.waitstatus_to_exitcode(status))
    sys.exit("the transition never ends")


def run_until_killed(path: Path, name: str, dies_before: int) -> None:
    store = open_dying(path)
    *before, last = TRANSITIONS[name]
    for transition in before:
        store.write_here(transition)
    Dying.dies_before = dies_before
    store.write_here(last)


def open_dying(path: Path) -> Store:
    connect = sqlite3.connect
    sqlite3.connect = lambda *args, **options: connect(*args, factory=Dying, **options)  # type: ignore[assignment]
    try:
        return Store(path)
    finally:
        sqlite3.connect = connect


def state_of(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """What the next process finds; salts are random, so only whether there is one."""
    store = Store(path)
    try:
        return {
            table: [
                tuple("salt" if name == "salt" and row[name] else row[name] for name in row.keys())  # noqa: SIM118 - a sqlite3.Row is not a dict
                for row in store.read(
                    lambda db, table=table: db.execute(f"SELECT * FROM {table}").fetchall()  # type: ignore[misc]  # noqa: S608
                )
            ]
            for table in TABLES
        }
    finally:
        store.close()


def state_after(path: Path, transitions: tuple[Callable[[sqlite3.Connection], None], ...]) -> Any:
    store = Store(path)
    for transition in transitions:
        store.write_here(transition)
    store.close()
    return state_of(path)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked and killed")
@pytest.mark.parametrize("name", TRANSITIONS)
def test_a_killed_transition_leaves_nothing_or_all(tmp_path: Path, name: str) -> None:
    nothing = state_after(tmp_path / "nothing.db", TRANSITIONS[name][:-1])
    everything = state_after(tmp_path / "everything.db", TRANSITIONS[name])
    assert nothing != everything
    folder = tmp_path / "crashes"
    folder.mkdir()
    call = f"crash_everywhere(Path({str(folder)!r}), {name!r})"
    program = f"from tests.oauth.test_crash import *; {call}"
    done = subprocess.run(  # noqa: S603 - our own text
        [sys.executable, "-c", program], capture_output=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr.decode()
    *killed, survived = sorted(folder.glob("*.db"), key=lambda path: int(path.stem))
    # The commit is the last statement: before it, nothing has happened.
    assert len(killed) >= 3  # BEGIN, at least one write, COMMIT
    assert [state_of(path) for path in killed] == [nothing] * len(killed)
    assert state_of(survived) == everything


class Failing(sqlite3.Connection):
    """A connection that cannot execute one of its statements: the disk is full."""

    fails_at: int | None = None
    statements: int = 0

    def execute(self, *arguments: Any) -> sqlite3.Cursor:
        if self.fails_at is not None:
            self.statements += 1
            if self.statements - 1 == self.fails_at and arguments[0] != "ROLLBACK":
                raise sqlite3.OperationalError("database or disk is full")
        return super().execute(*arguments)


@pytest.mark.parametrize("name", TRANSITIONS)
def test_a_failed_write_leaves_everything_as_it_was_and_can_be_repeated(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = sqlite3.connect
    monkeypatch.setattr(
        sqlite3, "connect", lambda *args, **options: connect(*args, factory=Failing, **options)
    )
    expected = state_after(tmp_path / "expected.db", TRANSITIONS[name])
    for number in range(MAX_STATEMENTS):
        path = tmp_path / f"{number}.db"
        before = state_after(path, TRANSITIONS[name][:-1])
        store = Store(path)
        writer: Any = store._writer  # noqa: SLF001 - where the fault is put in
        writer.fails_at = number
        try:
            store.write_here(TRANSITIONS[name][-1])
        except Exception as error:  # noqa: BLE001 - named in the next line
            assert type(error).__name__ == "StorageUnavailable"
            assert state_of(path) == before
        else:
            assert state_of(path) == expected
            return
        finally:
            store.close()
        again = Store(path)
        again.write_here(TRANSITIONS[name][-1])
        again.close()
        assert state_of(path) == expected
    pytest.fail("the transition never ends")


def test_an_access_token_of_a_redeemed_code_is_live(tmp_path: Path) -> None:
    store = Store(tmp_path / "onecgw.db")
    for transition in TRANSITIONS["redeem"]:
        store.write_here(transition)
    access = store.read(lambda db: find_access(db, b"access-1", now=NOW + 3599))
    expired = store.read(lambda db: find_access(db, b"access-1", now=NOW + 3600))
    store.close()
    assert access is not None
    assert access.grant.sub == "owner"
    assert expired is None
