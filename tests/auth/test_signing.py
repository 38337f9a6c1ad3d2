import base64

import msgspec
import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from onecgw.auth.signing import MAX_SIGNED_CHARACTERS, BadSignature, Signer, derive_key, to_text

KEY = bytes(range(32))


class Note(msgspec.Struct):
    text: str


def spare_bits(text: str) -> str:
    """The same bytes with a spare bit of the last character set."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return text[:-1] + alphabet[alphabet.index(text[-1]) + 1]


def test_a_signature_is_for_one_purpose_one_key_and_one_shape() -> None:
    signer = Signer(KEY)
    signed = signer.sign(Note(text="ё"), purpose="a")
    assert signer.open(signed, Note, purpose="a") == Note(text="ё")
    assert Signer(KEY).open(signed, Note, purpose="a") == Note(text="ё")
    for opener, text, shape, purpose in (
        (signer, signed, Note, "b"),
        (signer, signed, list[int], "a"),
        (Signer(KEY[::-1]), signed, Note, "a"),
        (signer, signed + "A", Note, "a"),
        (signer, signed[:-1], Note, "a"),
        (signer, signed + "-TAMPERED", Note, "a"),
        (signer, "", Note, "a"),
        (signer, "A" * (MAX_SIGNED_CHARACTERS + 1), Note, "a"),
    ):
        with pytest.raises(BadSignature):
            opener.open(text, shape, purpose=purpose)


@pytest.mark.parametrize("size", range(1, 8))
def test_a_value_has_one_text(size: int) -> None:
    signer = Signer(KEY)
    signed = signer.sign(Note(text="ы?>" * size), purpose="a")
    data = base64.urlsafe_b64decode(signed + "=" * (-len(signed) % 4))
    padding = "=" * (-len(signed) % 4)
    others = (
        {
            base64.b64encode(data).decode(),  # the other alphabet
            base64.b64encode(data).decode().rstrip("="),
            signed + (padding or "===="),
            signed + "\n",
            f" {signed}",
            signed[:5] + "\n" + signed[5:],
            signed[:5] + "." + signed[5:],
            signed.replace(signed[0], "Ａ", 1),  # not ASCII
        }
        - {signed}
    )
    if padding:
        others.add(spare_bits(signed))
    for other in others:
        with pytest.raises(BadSignature):
            signer.open(other, Note, purpose="a")


def test_what_unpacks_to_megabytes_is_refused_before_it_does() -> None:
    signer = Signer(KEY)
    bomb = signer.sign(Note(text="a" * 10_000_000), purpose="a")
    assert len(bomb) < MAX_SIGNED_CHARACTERS
    with pytest.raises(BadSignature):
        signer.open(bomb, Note, purpose="a")


def test_a_derived_key_is_that_of_rfc_5869() -> None:
    expand = HKDFExpand(algorithm=SHA256(), length=32, info=b"onecgw hash key")
    assert derive_key(KEY, "hash key") == expand.derive(KEY)


def test_bytes_as_text_have_no_padding_and_the_alphabet_of_urls() -> None:
    assert to_text(b"\xff\xfe\xfd\xfc") == "__79_A"


def test_a_short_key_is_no_key() -> None:
    with pytest.raises(ValueError, match="at least 32 bytes"):
        Signer(b"k" * 31)
