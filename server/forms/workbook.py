"""Opens an uploaded XLSForm workbook safely, and reads it once, for the server and for pyxform alike.

The zip is checked by its directory before anything is unpacked (decision 0030), because the
.xlsx parsers unpack whatever they are given. Row numbers are those that Excel shows. How cells
and headers are read is in `sheets`.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any, Final

import openpyxl
from django.utils.translation import gettext as _
from pyxform.xls2json import RE_BEGIN_CONTROL, RE_END_CONTROL

from server.forms import sheets
from server.forms.problems import Fault, NotAWorkbook, WorkbookTooLarge
from server.forms.sheets import Row, Sheet

MAX_BYTES: Final = 5 * 1024 * 1024
MAX_UNPACKED: Final = 24 * 1024 * 1024
MAX_PARTS: Final = 500
MAX_RATIO: Final = 150
"""The highest compression ratio of a part of more than a mebibyte; real sheets reach about 40."""
SHEETS: Final = ("survey", "choices", "settings", "ledgers", "entities")

_MEBIBYTE: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Workbook:
    """The sheets of an XLSForm that the server reads; an absent sheet is empty."""

    survey: Sheet
    choices: Sheet
    settings: Sheet
    ledgers: Sheet
    entities: Sheet
    definition: dict[str, Any] = field(repr=False)  # the same cells as pyxform takes them
    faults: tuple[Fault, ...]  # why no form may be made from it
    is_whole: bool  # whether everything was read; else the faults say why not
    remarks: tuple[
        str, ...
    ]  # what neither the server nor pyxform reads, and what is taken from elsewhere
    fallback_form_id: str  # the file's name: the form_id of a workbook that gives none
    rows_by_path: dict[tuple[str, ...], Row] = field(repr=False)

    @property
    def form_id(self) -> str:
        """The form_id that the settings sheet gives, else the file's name."""
        return self.setting["form_id"] or self.fallback_form_id

    @property
    def setting(self) -> Row:
        """The row of the settings sheet that counts."""
        return self.settings.rows[0] if self.settings.rows else Row("settings", 2, {}, {})

    def row_of(self, path: str) -> Row | None:
        """The survey row of the node at an XForm path such as /data/place/loc; None when there is none."""
        return self.rows_by_path.get(tuple(path.split("/")[2:]))

    def choice_row(self, list_name: str, value: str) -> Row | None:
        """The choices row of this value of the list; None when there is none."""
        for row in self.choices:
            if row["list_name"] == list_name and row["name"] == value:
                return row
        return None


def read(content: bytes, filename: str) -> Workbook:
    """The workbook's sheets, with the faults for which no form may be made from it.

    Raises NotAWorkbook, WorkbookTooLarge.
    """
    check_archive(content, filename)
    try:
        book = openpyxl.load_workbook(
            io.BytesIO(content), read_only=True, data_only=True, keep_links=False
        )
    except Exception:  # openpyxl raises whatever its parsers raise
        raise NotAWorkbook(filename=filename, reason=_("its sheets cannot be read")) from None
    try:
        names = [name for name in book.sheetnames if hasattr(book[name], "iter_rows")]
        chosen, faults = sheets.chosen(names)
        grids = {name: sheets.grid(book[title], name) for name, title in chosen.items()}
    except sheets.TooManyRows as error:
        raise WorkbookTooLarge(
            filename=filename,
            reason=_("its sheet {sheet} has over {n} rows").format(
                sheet=error.args[0], n=sheets.MAX_ROWS
            ),
        ) from None
    except Exception:  # a damaged sheet: openpyxl raises whatever its parsers raise
        raise NotAWorkbook(filename=filename, reason=_("its sheets cannot be read")) from None
    finally:
        book.close()
    return _workbook(grids, names, faults, PurePath(filename).stem)


def _workbook(
    grids: Mapping[str, sheets.Grid], names: list[str], faults: list[Fault], stem: str
) -> Workbook:
    cleans = sheets.cleans_texts(grids.get("settings"))
    read_sheets = {
        name: grids[name].sheet(cleans=cleans) if name in grids else Sheet(name) for name in SHEETS
    }
    definition: dict[str, Any] = {"sheet_names": names}
    remarks: list[str] = []
    for name, grid in grids.items():
        faults += grid.faults
        remarks += grid.remarks
        if name != "ledgers":
            definition[name] = grid.dicts()
            definition[f"{name}_header"] = [dict.fromkeys(grid.headers)] if grid.headers else []
    remarks += _take_from_elsewhere(definition, read_sheets["settings"], stem, faults)
    faults += list(_missing_sheets(read_sheets, names, faults))
    is_whole = not faults
    faults += _unlisted_choices(grids)
    return Workbook(
        **read_sheets,
        definition=definition,
        faults=tuple(faults),
        is_whole=is_whole,
        remarks=tuple(remarks),
        fallback_form_id=stem,
        rows_by_path=dict(_paths(read_sheets["survey"])),
    )


def check_archive(content: bytes, filename: str) -> None:
    """Refuse what is no .xlsx, or a zip that would be dangerous to unpack. Raises NotAWorkbook, WorkbookTooLarge."""
    if len(content) > MAX_BYTES:
        raise WorkbookTooLarge(
            filename=filename, reason=_("it is over {n} MB").format(n=MAX_BYTES // _MEBIBYTE)
        )
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        reason = _("an old .xls file") if content[:4] == b"\xd0\xcf\x11\xe0" else _("not a zip")
        raise NotAWorkbook(filename=filename, reason=reason) from None
    with archive:
        parts = archive.infolist()
        if len(parts) > MAX_PARTS:
            raise WorkbookTooLarge(
                filename=filename, reason=_("it holds {n} parts").format(n=len(parts))
            )
        unpacked = sum(part.file_size for part in parts)
        swollen = any(
            part.file_size > _MEBIBYTE and part.file_size > MAX_RATIO * max(part.compress_size, 1)
            for part in parts
        )
        if unpacked > MAX_UNPACKED or swollen:
            raise WorkbookTooLarge(
                filename=filename,
                reason=_("it unpacks to {n} MB").format(n=max(1, unpacked // _MEBIBYTE)),
            )
        if "xl/workbook.xml" not in {part.filename for part in parts}:
            raise NotAWorkbook(filename=filename, reason=_("a zip, but no workbook"))
        _check_parts(archive, parts, filename)


def _check_parts(archive: zipfile.ZipFile, parts: Iterable[zipfile.ZipInfo], filename: str) -> None:
    """Refuse parts that declare entities, are encrypted, or have another size than the directory says."""
    for part in parts:
        try:
            content = archive.read(part)
        except Exception:  # zlib, RuntimeError (encrypted), BadZipFile (checksum, sizes)
            raise NotAWorkbook(filename=filename, reason=_("a damaged zip")) from None
        if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
            raise NotAWorkbook(filename=filename, reason=_("it declares XML entities"))


def _missing_sheets(
    read_sheets: Mapping[str, Sheet], names: list[str], faults: Iterable[Fault]
) -> Iterator[Fault]:
    """A fault when the survey, which every form needs, has no rows, unless another fault says why it has none."""
    explained = {fault.sheet for fault in faults}
    if not read_sheets["survey"].rows and "survey" not in explained:
        yield Fault(
            _("The sheet is missing or empty; the file has: {sheets}.").format(
                sheets=", ".join(names)
            ),
            _("Add a sheet named “{name}”.").format(name="survey"),
            sheet="survey",
        )


def _take_from_elsewhere(
    definition: dict[str, Any], settings: Sheet, stem: str, faults: Iterable[Fault]
) -> list[str]:
    """Let the file's name stand for a form_id that the workbook does not give, as ODK Central does; the remark about it."""
    row = next(iter(settings.rows), None)
    if any(fault.sheet == "settings" for fault in faults) or (row and row["form_id"]):
        return []
    given = definition.get("settings") or [{}]
    definition["settings"] = [{**given[0], "form_id": stem}]
    definition.setdefault("settings_header", [{}])
    definition["settings_header"] = [
        {**(definition["settings_header"] or [{}])[0], "form_id": None}
    ]
    return [
        _("The settings sheet gives no form_id: the file's name is taken, “{name}”.").format(
            name=stem
        )
    ]


def _unlisted_choices(grids: Mapping[str, sheets.Grid]) -> Iterator[Fault]:
    """A fault for each choice without a list, which pyxform leaves out silently."""
    for name in ("choices", "external_choices"):
        for row in grids[name].sheet(cleans=False) if name in grids else ():
            if not row["list_name"]:
                yield Fault(
                    _("The choice belongs to no list."),
                    _("Fill in its list_name, or clear the row."),
                    sheet=name,
                    row=row.number,
                )


def _paths(survey: Sheet) -> Iterator[tuple[tuple[str, ...], Row]]:
    """Each named survey row with its path: the names of its groups, then its own."""
    inside: list[str] = []
    for row in survey:
        kind = row["type"]
        if RE_BEGIN_CONTROL.match(kind):
            inside.append(row["name"])
            yield tuple(inside), row
        elif RE_END_CONTROL.match(kind):
            if inside:
                inside.pop()
        elif row["name"]:
            yield (*inside, row["name"]), row
