"""Packs the files of many records into one archive: each under a name of its own, the audit logs in one sheet.

Phones name files so that names of two records may be equal (`audit.csv` always is). Central
writes all audit logs into one sheet, and so does this module; of other files with equal names
the first keeps Central's place, media/NAME, and the others are in a folder of their record.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from typing import IO, Final

from server.core import blobs
from server.submissions.audit_log import NAME
from server.submissions.filenames import compared

COLUMNS: Final = (
    "event", "node", "start", "end", "latitude", "longitude", "accuracy", "old-value", "new-value",
    "user", "change-reason",
)  # fmt: skip
"""The columns of Collect's audit logs (ODK XForms specification, Audit)."""
_LONGEST_CELL: Final = 1 << 20


class Files:
    """The files that an archive holds already, and the sheet of audit logs."""

    def __init__(self, packed: zipfile.ZipFile, log: IO[str]) -> None:
        self.log = log
        self.has_logs = False
        self._packed = packed
        self._hashes: dict[str, bytes] = {}  # name as file systems compare it → content

    def add(self, name: str, sha256: bytes, instance_id: str) -> Iterator[None]:
        """Add a record's file in steps. An audit log that is no table of the usual columns is added as a file."""
        if name == NAME and self._add_log(sha256, instance_id):
            return
        place = f"media/{name}"
        if self._hashes.get(_as_compared(place), sha256) != sha256:
            place = f"media/{_folder(instance_id)}/{name}"
        number = 1
        while self._hashes.get(_as_compared(place), sha256) != sha256:
            number += 1
            place = f"media/{_folder(instance_id)}~{number}/{name}"
        if _as_compared(place) not in self._hashes:
            self._hashes[_as_compared(place)] = sha256
            yield from blobs.steps_of_adding(self._packed, place, sha256)

    def _add_log(self, sha256: bytes, instance_id: str) -> bool:
        """Add an audit log to the sheet; False, with nothing added, when it cannot stand there whole."""
        begin = self.log.tell()
        try:
            with (
                blobs.open_blob(sha256) as content,
                io.TextIOWrapper(content, encoding="utf-8-sig", newline="") as file,
            ):
                self._copy(file, instance_id)
        except (ValueError, csv.Error):
            self.log.seek(begin)
            self.log.truncate()
            return False
        self.has_logs = True
        return True

    def _copy(self, file: io.TextIOBase, instance_id: str) -> None:
        """Raises ValueError for columns that are not known, rows that are too long, or no UTF-8."""
        out, previous = csv.writer(self.log), csv.field_size_limit(_LONGEST_CELL)
        try:
            rows = csv.reader(file, strict=True)
            header = next(rows, [])
            places = [COLUMNS.index(column) for column in header]  # ValueError for another
            if len(set(places)) < len(places):
                raise ValueError
            if not self.has_logs and self.log.tell() == 0:
                out.writerow(("instance ID", *COLUMNS))
            for row in rows:
                if len(row) > len(places):
                    raise ValueError
                cells = [""] * len(COLUMNS)
                for place, text in zip(places, row, strict=False):
                    cells[place] = text
                out.writerow((instance_id, *cells))
        finally:
            csv.field_size_limit(previous)


def _folder(instance_id: str) -> str:
    """An instanceID as the name of a folder."""
    return re.sub(r"[^\w.-]", "_", instance_id, flags=re.ASCII).strip(".") or "_"


def _as_compared(place: str) -> str:
    """A path as the least precise file systems compare it: without regard to capitals and composition."""
    folder, _slash, name = place.rpartition("/")
    return f"{folder}/{compared(name)}".casefold()
