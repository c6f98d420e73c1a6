"""Writes old .xls workbooks (BIFF8 in an OLE2 container), as far as forms need them."""

from __future__ import annotations

import io
import struct
from collections.abc import Mapping, Sequence
from datetime import datetime

import openpyxl

Cell = str | float | bool | datetime | None
_END, _FREE, _TABLE = -2, -1, -3
_SECTOR = 512
SIGNATURE = bytes.fromhex("D0CF11E0A1B11AE1")
_DAY_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001 as a cell holds it


def xls(sheets: Mapping[str, Sequence[Sequence[Cell]]]) -> bytes:
    """A workbook with these sheets of rows."""
    return container(stream(sheets))


def as_xls(xlsx: bytes) -> bytes:
    """The cells of an .xlsx as an .xls."""
    book = openpyxl.load_workbook(io.BytesIO(xlsx))
    return xls({sheet.title: list(sheet.values) for sheet in book})


def stream(
    sheets: Mapping[str, Sequence[Sequence[Cell]]], offsets: Sequence[int] | None = None
) -> bytes:
    """The workbook without container; `offsets` are where it says that sheets begin."""
    head = _globals(list(sheets), offsets or places(sheets))
    return head + b"".join(_sheet(rows) for rows in sheets.values())


def places(sheets: Mapping[str, Sequence[Sequence[Cell]]]) -> list[int]:
    """Where the sheets begin in the stream."""
    lengths = [len(_sheet(rows)) for rows in sheets.values()]
    begin = len(_globals(list(sheets), [0] * len(sheets)))
    return [begin + sum(lengths[:number]) for number in range(len(sheets))]


def record(kind: int, content: bytes) -> bytes:
    """A record of the workbook."""
    return struct.pack("<HH", kind, len(content)) + content


def _begin(kind: int) -> bytes:
    return record(0x0809, struct.pack("<HHHHII", 0x0600, kind, 0x0DBB, 0x07CC, 0, 0))


def _globals(names: Sequence[str], offsets: Sequence[int]) -> bytes:
    formats = b"".join(record(0x00E0, struct.pack("<HH16x", 0, number)) for number in (0, 22))
    listed = b"".join(
        record(
            0x0085,
            struct.pack("<IBBBB", offset, 0, 0, len(name), 1) + name.encode("utf-16-le"),
        )
        for name, offset in zip(names, offsets, strict=True)
    )
    return _begin(0x0005) + formats + listed + record(0x000A, b"")


def _sheet(rows: Sequence[Sequence[Cell]]) -> bytes:
    cells = [
        _cell(row, column, value)
        for row, values in enumerate(rows)
        for column, value in enumerate(values)
        if value is not None
    ]
    return b"".join((_begin(0x0010), *cells, record(0x000A, b"")))


def _cell(row: int, column: int, value: Cell) -> bytes:
    place = struct.pack("<HHH", row, column, int(isinstance(value, datetime)))
    match value:
        case str():
            text = value.encode("utf-16-le")
            return record(0x0204, place + struct.pack("<HB", len(text) // 2, 1) + text)
        case bool():
            return record(0x0205, place + struct.pack("<BB", value, 0))
        case datetime():
            value = (value - _DAY_ZERO).total_seconds() / 86_400
    return record(0x0203, place + struct.pack("<d", value))


def container(content: bytes, *, is_endless: bool = False, is_looped: bool = False) -> bytes:
    """The stream as the only file of an OLE2 container; on demand with a chain or a tree without end."""
    content += b"\0" * (max(4096, -(-len(content) // _SECTOR) * _SECTOR) - len(content))
    count = len(content) // _SECTOR
    chain = [*range(3, 2 + count), 2 if is_endless else _END]
    tables = -(-(count + 3) // 128)
    after = 2 + count  # the tables after the first stand behind the stream
    table = [_TABLE, _END, *chain, *[_TABLE] * (tables - 1)]
    table += [_FREE] * (tables * 128 - len(table))
    header = _header([0, *range(after, after + tables - 1)])
    folder = _entry("Root Entry", 5, 1, _END, 0) + _entry(
        "Other" if is_looped else "Workbook", 2, -1, 2, len(content), sibling=1 if is_looped else -1
    )
    packed = struct.pack(f"<{len(table)}i", *table)
    body = packed[:_SECTOR] + folder.ljust(_SECTOR, b"\0") + content + packed[_SECTOR:]
    return header + body


def small_container(content: bytes) -> bytes:
    """The stream, of less than 4,096 bytes, in small sectors of 64 bytes."""
    count, held = -(-len(content) // 64), -(-len(content) // _SECTOR)
    table = [_TABLE, _END, _END, *range(4, 3 + held), _END]
    small = [*range(1, count), _END]
    folder = _entry("Root Entry", 5, 1, 3, count * 64) + _entry("Book", 2, -1, 0, len(content))
    tables = [
        struct.pack("<128i", *numbers, *[_FREE] * (128 - len(numbers)))
        for numbers in (table, small)
    ]
    body = (
        tables[0],
        folder.ljust(_SECTOR, b"\0"),
        tables[1],
        content.ljust(held * _SECTOR, b"\0"),
    )
    return _header([0], small_table_at=2) + b"".join(body)


def _header(tables: Sequence[int], small_table_at: int = _END) -> bytes:
    header = struct.pack(
        "<8s16sHHHHH6sIIiIIiIiI", SIGNATURE, b"", 0x3E, 3, 0xFFFE, 9, 6,
        b"", 0, len(tables), 1, 0, 4096, small_table_at, int(small_table_at >= 0), _END, 0,
    )  # fmt: skip
    return header + struct.pack("<109i", *tables, *[_FREE] * (109 - len(tables)))


def _entry(name: str, kind: int, child: int, start: int, size: int, sibling: int = -1) -> bytes:
    text = name.encode("utf-16-le") + b"\0\0"
    return struct.pack(
        "<64sHBBiii16sIQQiII", text, len(text), kind, 1, sibling, sibling, child, b"", 0, 0, 0,
        start, size, 0,
    )  # fmt: skip
