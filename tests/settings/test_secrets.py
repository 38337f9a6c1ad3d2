from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from onecgw.errors import ConfigError
from tests.builders.settings_text import ENOUGH, load, nested
from tests.rendering.config_file import render_config

_SECRETS = st.text(max_size=20).map("hunter2{}hunter2".format)
_SECRET_KEYS = ("onec.auth.password", "onec.auth.token", "mcp.bearer_token", "api.bearer_token")
_CUTS = st.integers(min_value=0, max_value=len(render_config()))


def _refusal(text: str, environment: dict[str, str] = ENOUGH) -> str:
    """What is said about a file, "" if it is accepted."""
    with TemporaryDirectory() as folder:
        try:
            load(Path(folder), text, environment)
        except ConfigError as error:
            return str(error)
    return ""


@settings(deadline=None)
@given(st.text())
def test_any_text_is_accepted_or_refused(text: str) -> None:
    _refusal(text)


@settings(deadline=None)
@given(_CUTS, _CUTS, st.text(max_size=10))
def test_any_damage_to_the_shipped_file_is_refused(start: int, end: int, patch: str) -> None:
    text = render_config()
    assert _refusal(text[:start] + patch + text[end:], {})


@settings(deadline=None)
@given(st.sampled_from(_SECRET_KEYS), _SECRETS, st.text(max_size=5), st.text(max_size=5))
def test_no_refusal_shows_a_secret_of_the_file(
    key: str, secret: str, before: str, after: str
) -> None:
    text = nested(key, before + secret + after) + "log: {level: loud}\n"
    refusal = _refusal(text, {})
    assert refusal
    assert "hunter2" not in refusal


@settings(deadline=None)
@given(st.sampled_from(_SECRET_KEYS), _SECRETS)
def test_no_refusal_shows_a_secret_of_the_environment(key: str, secret: str) -> None:
    variable = "ONECGW_" + key.upper().replace(".", "__")
    refusal = _refusal("log: {level: loud}", ENOUGH | {variable: secret})
    assert 'log.level = "loud"' in refusal
    assert "hunter2" not in refusal


def test_no_repr_shows_a_secret(tmp_path: Path) -> None:
    text = "onec: {auth: {password: hunter2}}\napi: {bearer_token: hunter2-hunter2-hunter2}"
    loaded = load(tmp_path, text)
    assert "hunter2" not in f"{loaded} {loaded!r} {loaded.onec.auth.password}"
    assert loaded.onec.auth.password is not None
    assert loaded.onec.auth.password.value == "hunter2"
