"""Sealed values: what is stored tells nothing, and opens only where it was written."""

import base64

import pytest
from sqlalchemy import String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from safeguarding.core.sealing import (
    BrokenSealError,
    Ring,
    key_id_of,
    place_of,
    sealed_columns,
    sealed_text,
)

OLD, NEW = ("k1", "a secret of forty characters for a test 1"), ("k2", "a secret of forty characters for a test 2")


class Base(DeclarativeBase):
    """Tables of this test alone."""


class Letter(Base):
    """Something with two sealed columns."""

    __tablename__ = "letter"

    ref: Mapped[str] = mapped_column(String, primary_key=True)
    address: Mapped[str | None] = sealed_text("ref")
    phone: Mapped[str | None] = sealed_text(("ref",))


@pytest.mark.parametrize("text", ["", "12 Hidden Lane", "\x80\x00", "Zoë 🏠", "x" * 5_000])
def test_what_was_sealed_opens_at_its_place(text: str) -> None:
    ring = Ring([OLD])
    stored = ring.seal("letter\x00address\x00L1", text)
    assert ring.unseal("letter\x00address\x00L1", stored) == text
    assert text == "" or text not in stored


def test_the_same_text_is_never_stored_alike_nor_tells_its_length() -> None:
    ring = Ring([OLD])
    stored = [ring.seal("p", text) for text in ("07700 900123", "07700 900123", "somebody@example.org")]
    assert len(set(stored)) == 3
    assert len({len(each) for each in stored}) == 1


@pytest.mark.parametrize("other", ["letter\x00phone\x00L1", "letter\x00address\x00L2", "note\x00address\x00L1", ""])
def test_what_is_moved_to_another_row_or_column_does_not_open(other: str) -> None:
    ring = Ring([OLD])
    stored = ring.seal("letter\x00address\x00L1", "12 Hidden Lane")
    with pytest.raises(BrokenSealError):
        ring.unseal(other, stored)


def test_a_change_of_any_byte_is_noticed() -> None:
    ring = Ring([OLD])
    head, _, body = ring.seal("p", "12 Hidden Lane").rpartition(".")
    raw = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
    for place in range(len(raw)):
        changed = raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]
        with pytest.raises(BrokenSealError):
            ring.unseal("p", f"{head}.{base64.urlsafe_b64encode(changed).decode()}")


@pytest.mark.parametrize(
    "stored", ["", "12 Hidden Lane", "s1.k1.", "s1.k1.!!!", "s2.k1.AAAA", "s1.k9.AAAA", "s1.k1.AA"]
)
def test_what_is_no_sealed_value_is_refused(stored: str) -> None:
    with pytest.raises(BrokenSealError):
        Ring([OLD]).unseal("p", stored)


def test_the_first_key_writes_and_the_others_still_read() -> None:
    stored = Ring([OLD]).seal("p", "12 Hidden Lane")
    ring = Ring([NEW, OLD])
    assert ring.unseal("p", stored) == "12 Hidden Lane"
    assert key_id_of(ring.seal("p", "anew")) == "k2"
    with pytest.raises(BrokenSealError, match="not on the ring"):
        Ring([NEW]).unseal("p", stored)


def test_a_key_of_the_same_id_but_another_secret_does_not_open() -> None:
    stored = Ring([OLD]).seal("p", "12 Hidden Lane")
    with pytest.raises(BrokenSealError):
        Ring([("k1", NEW[1])]).unseal("p", stored)


def test_an_empty_ring_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a key"):
        Ring([])


def test_sealed_columns_say_what_their_row_is_named_by() -> None:
    found = list(sealed_columns(Base.metadata))
    assert [(each.table.name, each.name, each.row) for each in found] == [
        ("letter", "address", ("ref",)),
        ("letter", "phone", ("ref",)),
    ]
    assert place_of(Letter.address, "L1") == found[0].place(["L1"]) == "letter\x00address\x00L1"
