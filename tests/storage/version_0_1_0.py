"""A database that onecgw 0.1.0 has written, with what belongs to it; needs only Python itself."""

import sqlite3
from contextlib import closing
from pathlib import Path

FIXTURES = Path(__file__).parent / "fixtures"
ISSUER = "http://127.0.0.1:18555"
KEY = "ocg_key_4iwPJaSa70JmhtX_boYgjlsfc3NO4fe0LaiQsSF3WP8"
TOKEN = "ocg_at_fmS1VChV3iGX4d6vFCHxNXwoNNDgZy4xMwvrU0LH9Is"
WRITTEN_AT = 1_795_807_634  # seconds since the epoch


def write_database(path: Path, *, now: int = WRITTEN_AT) -> None:
    """Make the database and its secrets file, as if it had been written now."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as db:
        db.executescript((FIXTURES / "database-0.1.0.sql").read_text(encoding="utf-8"))
        later = now - WRITTEN_AT
        for table in ("grants", "tokens", "codes"):
            db.execute(f"UPDATE {table} SET expires_at = expires_at + ?", (later,))  # noqa: S608
        db.execute("UPDATE grants SET verified_at = verified_at + ?", (later,))
        db.commit()
    path.chmod(0o600)
    secrets = path.with_suffix(".secrets")
    secrets.write_bytes((FIXTURES / "database-0.1.0.secrets").read_bytes())
    secrets.chmod(0o600)
