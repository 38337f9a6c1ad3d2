"""`onecgw keys`: what it needs, and what it prints."""

from pathlib import Path

from tests.builders.command_line import run


def test_keys_need_only_the_database_and_their_answer_has_no_log_lines(tmp_path: Path) -> None:
    config = tmp_path / "onecgw.yml"
    config.write_text(
        "onec: {base_url: 'http://1c.example.org/hs'}\noauth: {keys: local}\n", encoding="utf-8"
    )

    done = run("keys", "add", "--config", config, "--name", "Olena", "--scopes", "mcp:resolve")

    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("ocg_key_")
    made, key = done.stderr.splitlines()
    assert made.startswith("Made the database ")
    assert key.startswith("Key ")
