"""Sealing: what is stored cannot be read, altered or compared without the key."""

from __future__ import annotations

import base64
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core import sealing

TEXTS = st.text(max_size=200)
PURPOSES = st.sampled_from(["id_no", "phone", "document"])


@given(TEXTS, PURPOSES)
def test_what_is_sealed_comes_back_and_seals_the_same_twice(text: str, purpose: str) -> None:
    sealed = sealing.seal_text(text, purpose)

    assert sealing.unseal_text(sealed, purpose) == text
    assert sealing.seal_text(text, purpose) == sealed
    if len(text) > 3:
        assert text.encode() not in base64.b64decode(sealed)


@given(st.binary(max_size=5000))
def test_a_document_comes_back_to_the_byte(document: bytes) -> None:
    assert sealing.unseal_document(sealing.seal_document(document)) == document


def test_what_is_stored_stays_readable_and_comparable(settings) -> None:
    """The bytes in offices' databases: another nonce would make every rebuild differ."""
    settings.RUHU_SECRET_KEYS = [b"k" * 32]
    assert (
        sealing.seal(b"x", "id_no").hex()
        == "1c5e8e001f454f7571d62afc47d910b6d5a3b0e5bd976227f703fa0bc898bbc0f0"
    )
    assert (
        sealing.search_hash("x", "id_no").hex()
        == "0b78eb3c294666f0c1b218db01b711bfe1895281bd0054516de7eb946a7932ea"
    )


def test_each_thread_has_a_compressor_of_its_own() -> None:
    with ThreadPoolExecutor(1) as other:
        theirs = other.submit(sealing._compressor).result()
        assert other.submit(sealing._compressor).result() is theirs
    assert sealing._compressor() is sealing._compressor() is not theirs


def test_a_token_is_stored_as_its_sha256() -> None:
    digest = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    assert sealing.token_hash("test").hex() == digest


def test_a_value_sealed_for_one_column_does_not_open_as_another() -> None:
    sealed = sealing.seal(b"449901196501010016", "id_no")

    assert sealing.unseal(sealed, "id_no") == b"449901196501010016"
    with pytest.raises(sealing.InvalidTag):
        sealing.unseal(sealed, "phone")


def test_a_changed_byte_is_noticed() -> None:
    sealed = bytearray(sealing.seal(b"449901196501010016", "id_no"))
    sealed[-1] ^= 1

    with pytest.raises(sealing.InvalidTag):
        sealing.unseal(bytes(sealed), "id_no")


def test_while_two_keys_are_there_both_open_and_search_finds_both(settings) -> None:
    old, new = b"o" * 32, b"n" * 32
    settings.RUHU_SECRET_KEYS = [old]
    sealed, hashed = sealing.seal(b"x", "id_no"), sealing.search_hash("x", "id_no")

    settings.RUHU_SECRET_KEYS = [new, old]
    assert sealing.unseal(sealed, "id_no") == b"x"
    assert sealing.seal(b"x", "id_no") != sealed
    assert sealing.search_hash("x", "id_no") != hashed
    assert sealing.search_hashes("x", "id_no") == [sealing.search_hash("x", "id_no"), hashed]
    assert not sealing.is_current(sealed)
    assert sealing.reseal(sealed, "id_no") == sealing.seal(b"x", "id_no")

    settings.RUHU_SECRET_KEYS = [new]
    with pytest.raises(sealing.UnknownKey):
        sealing.unseal(sealed, "id_no")


def test_a_text_names_the_key_that_sealed_it(settings) -> None:
    settings.RUHU_SECRET_KEYS = [b"n" * 32, b"o" * 32]
    new, old = sealing.key_ids()
    assert new != old
    assert sealing.text_key_id(sealing.seal_text("x", "id_no")) == new
    assert sealing.text_key_id("no base64 at all") == b""
    assert sealing.oldest_search_secret() != b""


def test_a_key_that_another_process_begins_with_opens_at_once(settings, tmp_path) -> None:
    from server.core import keyring

    path = tmp_path / "keys"
    path.write_text(base64.b64encode(b"o" * 32).decode())
    settings.RUHU_KEYS_PATH = path
    keyring.look_again()
    settings.RUHU_KEYS_PATH = None
    settings.RUHU_SECRET_KEYS = [b"n" * 32]
    sealed = sealing.seal(b"x", "id_no")
    settings.RUHU_KEYS_PATH = path
    keyring.look_again()  # a moment ago
    keyring.write(path, [b"n" * 32, b"o" * 32])
    assert sealing.unseal(sealed, "id_no") == b"x"


def test_files_have_a_cipher_of_their_own(settings) -> None:
    settings.RUHU_SECRET_KEYS = [b"n" * 32, b"o" * 32]
    key_id, cipher = sealing.file_cipher()
    sealed = cipher.encrypt(bytes(12), b"photo", b"")
    assert sealing.file_cipher(key_id)[1].decrypt(bytes(12), sealed, b"") == b"photo"
    with pytest.raises(sealing.InvalidTag):
        sealing.file_cipher(sealing.key_ids()[1])[1].decrypt(bytes(12), sealed, b"")
