"""The remarks about an old ledger as a workbook, whose cells no spreadsheet runs."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

from django.utils.translation import gettext as _

from server.core.spreadsheets import inert


def remarks_sheet(remarks: Iterable[Sequence[object]]) -> bytes:
    """A workbook of remarks, each a sheet's name, a row, a heading and a reason; headings in the active language."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append([_("Sheet"), _("Row"), _("Column"), _("Reason")])
    for remark in remarks:
        sheet.append([inert(cell) for cell in remark])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()
