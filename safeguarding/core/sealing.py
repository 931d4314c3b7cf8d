"""Sealing: values that stand in the database only as cipher text, bound to the row and column that they were written for.

AES-256-GCM. A stored value reads `s1.<key id>.<nonce, cipher text and tag in base64url>`; the associated data are table,
column and row, so that a value copied to another row, column or table does not open. The ring holds several keys: the
first one writes, the others only read, until `flask sealed rotate` has written everything anew.
It must not know which values are sealed, nor who may read them: columns say so (`sealed_text`), commands decide.
"""

import base64
import binascii
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import MetaData, Table, Text
from sqlalchemy.orm import MappedColumn, mapped_column

from safeguarding.core.labels import SEALED, Label

VERSION = "s1"
_NONCE = 12
_BLOCK = 64  # bytes: lengths are hidden up to here, or a phone number could be told from an e-mail address
_PURPOSE = b"safeguarding sealed values, first format"
_ROW = "sealed_row"


class BrokenSealError(Exception):
    """A sealed value does not open: another row's, changed, or sealed with a key that is not on the ring."""


class Ring:
    """The keys: (id, secret) pairs. The first is used for writing."""

    def __init__(self, keys: Iterable[tuple[str, str]]) -> None:
        self._ciphers = {key_id: AESGCM(_derived(secret)) for key_id, secret in keys}
        if not self._ciphers:
            raise ValueError("a ring needs a key")

    @cached_property
    def writing(self) -> str:
        """The id of the key that is used for writing."""
        return next(iter(self._ciphers))

    @property
    def ids(self) -> list[str]:
        """The ids of all keys, the one for writing first."""
        return list(self._ciphers)

    def seal(self, place: str, text: str) -> str:
        """Return the text as it is stored at a place (see `place_of`)."""
        nonce = os.urandom(_NONCE)
        sealed = self._ciphers[self.writing].encrypt(nonce, _padded(text.encode()), self._bound(self.writing, place))
        return f"{VERSION}.{self.writing}.{base64.urlsafe_b64encode(nonce + sealed).decode().rstrip('=')}"

    def unseal(self, place: str, stored: str) -> str:
        """Return the text that was sealed at a place. Raises BrokenSealError."""
        version, _, rest = stored.partition(".")
        key_id, _, body = rest.partition(".")
        cipher = self._ciphers.get(key_id)
        if version != VERSION or cipher is None:
            raise BrokenSealError(f"sealed with the key {key_id[:40]!r}, which is not on the ring")
        try:
            raw = base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True)
            return _without_padding(cipher.decrypt(raw[:_NONCE], raw[_NONCE:], self._bound(key_id, place))).decode()
        except (InvalidTag, ValueError, binascii.Error):
            raise BrokenSealError("changed, or sealed for another row") from None

    def _bound(self, key_id: str, place: str) -> bytes:
        return f"{VERSION}\x00{key_id}\x00{place}".encode()


@dataclass(frozen=True)
class SealedColumn:
    """A sealed column of the schema, and the columns whose values name its row."""

    table: Table
    name: str
    row: tuple[str, ...]

    def place(self, row: Iterable[Any]) -> str:
        """Return the place of one value, given the values that name its row."""
        return _place(self.table.name, self.name, row)


_rings: list[Ring] = []


def use(ring: Ring) -> None:
    """Say which keys this process uses; `create_app` does."""
    _rings[:] = [ring]


def ring() -> Ring:
    """Return the keys of this process."""
    return _rings[0]


def sealed_text(row: str | tuple[str, ...], label: Label = SEALED, **options: Any) -> MappedColumn[Any]:
    """Return a column that holds cipher text. `row` names the columns of its table (never changed, known before the row
    is stored) whose values the text is bound to: a reference, say."""
    named = (row,) if isinstance(row, str) else row
    return mapped_column(Text, info={"label": label, _ROW: named}, **options)


def seal(column: Any, row: Any, text: str) -> str:
    """Return the text as the mapped column stores it; `row` is the value (or the tuple of values) that names the row."""
    return ring().seal(place_of(column, row), text)


def unseal(column: Any, row: Any, stored: str) -> str:
    """Return what was sealed. Whoever calls it has decided that the actor may read it. Raises BrokenSealError."""
    return ring().unseal(place_of(column, row), stored)


def place_of(column: Any, row: Any) -> str:
    """Return what a value is bound to: table, column and row. `column` is a mapped attribute, as in `Person.phone`."""
    (held,) = column.property.columns
    return _place(held.table.name, held.name, row if isinstance(row, tuple) else (row,))


def sealed_columns(metadata: MetaData) -> Iterator[SealedColumn]:
    """Return every sealed column, in the order of their names."""
    for table in sorted(metadata.tables.values(), key=lambda each: each.name):
        for column in sorted(table.columns, key=lambda each: each.name):
            if _ROW in column.info:
                yield SealedColumn(table, column.name, column.info[_ROW])


def key_id_of(stored: str) -> str:
    """Return the id of the key with which a stored value was sealed, without opening it."""
    return stored.split(".", 2)[1] if stored.startswith(f"{VERSION}.") else ""


def prefix_of(key_id: str) -> str:
    """Return how every value sealed with a key begins."""
    return f"{VERSION}.{key_id}."


def _place(table: str, column: str, row: Iterable[Any]) -> str:
    return "\x00".join([table, column, *(str(value) for value in row)])


def _derived(secret: str) -> bytes:
    """Return the 256-bit key of a secret, which is long and random: no work factor is needed."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE).derive(secret.encode())


def _padded(raw: bytes) -> bytes:
    raw += b"\x80"
    return raw + b"\x00" * (-len(raw) % _BLOCK)


def _without_padding(raw: bytes) -> bytes:
    text, mark, rest = raw.rpartition(b"\x80")
    if not mark or rest.strip(b"\x00"):
        raise ValueError("no end of the text")
    return text
