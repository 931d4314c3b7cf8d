"""A file that only a key opens: a plain header, then pieces of AES-256-GCM that cannot be changed, swapped or cut off.

Each piece is bound to the header, to its place and to whether it is the last one, so that a file which lost its end does
not open either. The key is derived from a secret of the ring of sealed values and a salt of the file's own. It knows
nothing of what is inside.
"""

import base64
import hashlib
import json
import os
import struct
from collections.abc import Iterable, Iterator, Mapping
from typing import IO, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

FIRST_LINE = b"SAFEGUARDING BACKUP 1\n"
PIECE = 1024 * 1024
_LONGEST_HEADER = 4096
_PURPOSE = b"safeguarding backup, first format"
_LENGTH = struct.Struct(">I?")


class NoVaultError(Exception):
    """The file is not one of these, or its key is missing, or it was changed or cut off; the text says which."""


def write(out: IO[bytes], key: tuple[str, str], header: Mapping[str, Any], content: Iterable[bytes]) -> None:
    """Write content under a key (id, secret). `header` stays readable: nothing in it may be secret."""
    salt = os.urandom(16)
    line = json.dumps({**header, "key": key[0], "salt": base64.b64encode(salt).decode()}, separators=(",", ":"))
    head = FIRST_LINE + line.encode() + b"\n"
    out.write(head)
    cipher, bound = AESGCM(_derived(key[1], salt)), hashlib.sha256(head).digest()
    for place, (piece, last) in enumerate(_with_last(_pieces(content))):
        sealed = cipher.encrypt(_nonce(place), piece, bound + _place(place, last))
        out.write(_LENGTH.pack(len(sealed), last))
        out.write(sealed)


def read_header(source: IO[bytes]) -> tuple[dict[str, Any], bytes]:
    """Return the header and the bytes it stood in, leaving the file at its first piece. Raises NoVaultError."""
    first = source.read(len(FIRST_LINE))
    if first != FIRST_LINE:
        raise NoVaultError(
            "it is not a backup. A plain copy of a database file is never taken: one made while the service runs lacks "
            "what was written last, and carries no manifest to tell"
        )
    line = source.readline(_LONGEST_HEADER)
    try:
        header = json.loads(line)
    except ValueError:
        header = None
    if not isinstance(header, dict) or "salt" not in header:
        raise NoVaultError("its header cannot be read")
    return header, first + line


def read(source: IO[bytes], keys: Iterable[tuple[str, str]]) -> tuple[dict[str, Any], Iterator[bytes]]:
    """Return the header and the content, opened piece by piece; reading to the end proves that it is whole.

    Raises NoVaultError, at once or while it is read.
    """
    header, head = read_header(source)
    secret = dict(keys).get(str(header.get("key")))
    if secret is None:
        raise NoVaultError(f"it was made with the key {str(header.get('key'))[:40]!r}, which SEALED_KEYS does not hold")
    cipher = AESGCM(_derived(secret, base64.b64decode(header["salt"])))
    return header, _opened(source, cipher, hashlib.sha256(head).digest())


def _opened(source: IO[bytes], cipher: AESGCM, bound: bytes) -> Iterator[bytes]:
    place, last = 0, False
    while not last:
        told = source.read(_LENGTH.size)
        if len(told) < _LENGTH.size:
            raise NoVaultError("it is cut off")
        length, last = _LENGTH.unpack(told)
        if length > PIECE + 64:
            raise NoVaultError("it was changed")
        try:
            yield cipher.decrypt(_nonce(place), source.read(length), bound + _place(place, last))
        except InvalidTag:
            raise NoVaultError("it was changed, or is cut off") from None
        place += 1
    if source.read(1):
        raise NoVaultError("something was added to it")


def _pieces(content: Iterable[bytes]) -> Iterator[bytes]:
    waiting = bytearray()
    for part in content:
        waiting += part
        while len(waiting) >= PIECE:
            yield bytes(waiting[:PIECE])
            del waiting[:PIECE]
    yield bytes(waiting)


def _with_last(pieces: Iterator[bytes]) -> Iterator[tuple[bytes, bool]]:
    before = next(pieces)
    for piece in pieces:
        yield before, False
        before = piece
    yield before, True


def _derived(secret: str, salt: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt, _PURPOSE).derive(secret.encode())


def _nonce(place: int) -> bytes:
    return place.to_bytes(12, "big")  # the key is the file's own, so counting is safe


def _place(place: int, last: bool) -> bytes:
    return struct.pack(">Q?", place, last)
