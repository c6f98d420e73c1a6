"""Takes the workbook out of an OLE2 compound file, the container of .xls (MS-CFB).

A compound file is a small file system: sectors in chains, and a directory that is a tree. A
hostile one has chains and trees that never end, on which xlrd's own reader would not come back
(decision 0372); here each sector and each entry is visited once.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Final

SIGNATURE: Final = bytes.fromhex("D0CF11E0A1B11AE1")
_HEADER: Final = 512
_ENTRY: Final = 128
_STREAM: Final = 2  # the type of an entry that is a file
_NAMES: Final = ("workbook", "book")  # of Excel 97 and later, and of Excel 5 and 95


class NoWorkbook(ValueError):
    """The compound file holds no workbook, or is damaged."""


def workbook_stream(content: bytes) -> bytes:
    """The bytes of the workbook in the container. Raises NoWorkbook.

    Tables that are themselves listed outside the header, in files over 6.8 MB, are not read.
    """
    try:
        return _workbook_stream(content)
    except (struct.error, IndexError) as error:
        raise NoWorkbook(str(error)) from error


def _workbook_stream(content: bytes) -> bytes:
    if not content.startswith(SIGNATURE):
        raise NoWorkbook("no compound file")
    shift, small_shift = struct.unpack_from("<HH", content, 30)
    if shift not in (9, 12) or small_shift != 6:
        raise NoWorkbook("sectors of unknown size")
    size, small = 1 << shift, 1 << small_shift
    sectors = [content[at : at + size] for at in range(max(_HEADER, size), len(content), size)]
    numbers = struct.unpack_from("<109i", content, 76)
    table = _numbers([sectors[number] for number in numbers if number >= 0])
    (directory_at,) = struct.unpack_from("<i", content, 48)
    least, small_table_at = struct.unpack_from("<Ii", content, 56)
    directory = _chain(sectors, table, directory_at)
    at, length = _workbook_entry(directory)
    if length >= least:
        return _chain(sectors, table, at)[:length]
    (all_small_at,) = struct.unpack_from("<i", directory, 116)  # of the root entry
    held = _chain(sectors, table, all_small_at)
    small_sectors = [held[start : start + small] for start in range(0, len(held), small)]
    small_table = _numbers([_chain(sectors, table, small_table_at)])
    return _chain(small_sectors, small_table, at)[:length]


def _numbers(parts: Sequence[bytes]) -> tuple[int, ...]:
    joined = b"".join(parts)
    return struct.unpack(f"<{len(joined) // 4}i", joined[: len(joined) // 4 * 4])


def _chain(sectors: Sequence[bytes], table: Sequence[int], number: int) -> bytes:
    """The sectors of a chain, joined."""
    parts = []
    while number >= 0:
        parts.append(sectors[number])
        if len(parts) > len(sectors):
            raise NoWorkbook("a chain without end")
        number = table[number]
    return b"".join(parts)


def _workbook_entry(directory: bytes) -> tuple[int, int]:
    """First sector and length of the workbook among the files of the root, not of embedded objects."""
    (child,) = struct.unpack_from("<i", directory, 76)
    waiting, visited = [child], set()
    places: dict[str, tuple[int, int]] = {}
    while waiting:
        number = waiting.pop()
        if number < 0 or number in visited:
            continue
        visited.add(number)
        entry = directory[number * _ENTRY : (number + 1) * _ENTRY]
        length, kind, _color, left, right = struct.unpack_from("<HBBii", entry, 64)
        name = entry[: max(0, min(length, 64) - 2)].decode("utf-16-le", "replace").lower()
        if kind == _STREAM:
            places[name] = struct.unpack_from("<iI", entry, 116)
        waiting += [left, right]
    for name in _NAMES:
        if name in places:
            return places[name]
    raise NoWorkbook("no workbook among its files")
