"""Files as text: which encoding, and decoding that no byte can stop.

Owns the choice between UTF-8 (with or without a byte order mark), UTF-16 and Windows-1252. Offices save the
same list in any of them, and a single odd byte late in a file must neither stop a run nor spoil the rows
before it. It must not look at what the text says.
"""

import codecs
import io
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TextIO

from safeguarding.contexts.formats.rows import NotThisFormat

_CHUNK = 1 << 20
_KNOWN_BINARY = {
    b"PK\x03\x04": "an Excel workbook or a zip archive; save the sheet as CSV",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook; save the sheet as CSV",
    b"\x1f\x8b": "a gzip archive; unpack it first",
    b"%PDF": "a PDF document",
}


@dataclass(slots=True)
class OpenText:
    """An open file: its text with line ends as they stand, its bytes for the position, its encoding."""

    text: TextIO
    binary: BinaryIO
    encoding: str
    size: int

    def close(self) -> None:
        """Close the file."""
        self.text.close()


def open_text(path: Path) -> OpenText:
    """Open a file for reading as text.

    Raises NotThisFormat for an empty file and for what is known not to be text, OSError where it cannot be
    read.
    """
    size = path.stat().st_size
    binary = path.open("rb")
    try:
        head = binary.read(4096)
        _refuse_what_is_no_text(head)
        codec, errors, name = _decoding(head, binary)
        binary.seek(0)
        text = io.TextIOWrapper(binary, encoding=codec, errors=errors, newline="")
    except BaseException:
        binary.close()
        raise
    return OpenText(text, binary, name, size)


def _refuse_what_is_no_text(head: bytes) -> None:
    if not head:
        raise NotThisFormat("The file is empty.")
    for start, what in _KNOWN_BINARY.items():
        if head.startswith(start):
            raise NotThisFormat(f"The file is {what}.")


def _decoding(head: bytes, binary: BinaryIO) -> tuple[str, str, str]:
    """The codec, what it does with odd bytes, and the name to report."""
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32", "replace", "utf-32"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16", "replace", "utf-16"
    if unmarked := _utf_16_without_mark(head):
        return unmarked, "replace", unmarked
    if _is_utf_8(binary):
        return "utf-8-sig", "strict", "utf-8"
    # Byte by byte: what is UTF-8 stays so, only what is not is read as Windows-1252.
    return "utf-8-sig", _FALLBACK, "windows-1252"


def _utf_16_without_mark(head: bytes) -> str | None:
    """Latin text in UTF-16 has a NUL in every second byte and hardly any between; other NULs are no sign of it."""
    half = len(head) // 2
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if half >= 4 and odd > half * 0.8 and even < half * 0.2:
        return "utf-16-le"
    if half >= 4 and even > half * 0.8 and odd < half * 0.2:
        return "utf-16-be"
    return None


def _is_utf_8(binary: BinaryIO) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    binary.seek(0)
    try:
        while chunk := binary.read(_CHUNK):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


_FALLBACK = "safeguarding-windows-1252"


def _as_windows_1252(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error(_FALLBACK, _as_windows_1252)
