import base64

import msgspec
import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from onecgw.auth.signing import MAX_SEALED_CHARACTERS, NotSealed, Sealer, derive_key, to_text

KEY = bytes(range(32))


class Note(msgspec.Struct):
    text: str


def spare_bits(text: str) -> str:
    """The same bytes with a spare bit of the last character set."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return text[:-1] + alphabet[alphabet.index(text[-1]) + 1]


def test_a_seal_is_for_one_purpose_one_key_and_one_shape() -> None:
    sealer = Sealer(KEY)
    sealed = sealer.seal(Note(text="ё"), purpose="a")
    assert sealer.open(sealed, Note, purpose="a") == Note(text="ё")
    assert Sealer(KEY).open(sealed, Note, purpose="a") == Note(text="ё")
    for opener, text, shape, purpose in (
        (sealer, sealed, Note, "b"),
        (sealer, sealed, list[int], "a"),
        (Sealer(KEY[::-1]), sealed, Note, "a"),
        (sealer, sealed + "A", Note, "a"),
        (sealer, sealed[:-1], Note, "a"),
        (sealer, sealed + "-TAMPERED", Note, "a"),
        (sealer, "", Note, "a"),
        (sealer, "A" * (MAX_SEALED_CHARACTERS + 1), Note, "a"),
    ):
        with pytest.raises(NotSealed):
            opener.open(text, shape, purpose=purpose)


@pytest.mark.parametrize("size", range(1, 8))
def test_a_value_has_one_text(size: int) -> None:
    sealer = Sealer(KEY)
    sealed = sealer.seal(Note(text="ы?>" * size), purpose="a")
    data = base64.urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4))
    padding = "=" * (-len(sealed) % 4)
    others = (
        {
            base64.b64encode(data).decode(),  # the other alphabet
            base64.b64encode(data).decode().rstrip("="),
            sealed + (padding or "===="),
            sealed + "\n",
            f" {sealed}",
            sealed[:5] + "\n" + sealed[5:],
            sealed[:5] + "." + sealed[5:],
            sealed.replace(sealed[0], "Ａ", 1),  # not ASCII
        }
        - {sealed}
    )
    if padding:
        others.add(spare_bits(sealed))
    for other in others:
        with pytest.raises(NotSealed):
            sealer.open(other, Note, purpose="a")


def test_what_unpacks_to_megabytes_is_refused_before_it_does() -> None:
    sealer = Sealer(KEY)
    bomb = sealer.seal(Note(text="a" * 10_000_000), purpose="a")
    assert len(bomb) < MAX_SEALED_CHARACTERS
    with pytest.raises(NotSealed):
        sealer.open(bomb, Note, purpose="a")


def test_a_derived_key_is_that_of_rfc_5869() -> None:
    expand = HKDFExpand(algorithm=SHA256(), length=32, info=b"onecgw hash key")
    assert derive_key(KEY, "hash key") == expand.derive(KEY)


def test_bytes_as_text_have_no_padding_and_the_alphabet_of_urls() -> None:
    assert to_text(b"\xff\xfe\xfd\xfc") == "__79_A"


def test_a_short_key_is_no_key() -> None:
    with pytest.raises(ValueError, match="at least 32 bytes"):
        Sealer(b"k" * 31)
