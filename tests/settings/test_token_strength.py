import secrets

import pytest

from onecgw.settings.token_strength import is_weak


@pytest.mark.parametrize(
    "token",
    [
        "a" * 512,
        "abcabcabcabcabcabcabcabcabcabc",
        "0123456789abcdef",
        "fedcba9876543210",
        "abcdefghijklmnopqrstuvwxyz",
        "password12345678",
        "changeme-changeme",
        "ChangeMe!ChangeMe!ChangeMe!",
        "my-secret-token-0001",
        "test-mcp-token-0001",
        "qwertyuiopasdfgh",
        "1111111122222222",
        "abababababababababcabc",
        "----------------x",
        "1234-5678-9012-3456",
        "SecretToken2026SecretToken2026",
    ],
)
def test_a_token_that_can_be_guessed_is_weak(token: str) -> None:
    assert is_weak(token)


@pytest.mark.parametrize("make", [secrets.token_hex, secrets.token_urlsafe])
@pytest.mark.parametrize("size_bytes", [16, 32, 64])
def test_a_random_token_is_not_weak(make: object, size_bytes: int) -> None:
    assert callable(make)
    assert not any(is_weak(make(size_bytes)) for _ in range(200))
