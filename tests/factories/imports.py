"""An old ledger that somebody uploaded and has not started."""

from __future__ import annotations

from datetime import date
from typing import Any


def make_import(user: Any, area: str, name: str = "陈一") -> Any:
    """A checked file of one row, of the person of this name."""
    from server.core.sealing import seal
    from server.imports.models import Import, ImportedRow, Meaning
    from tests.factories.console import AT

    imported = Import.objects.create(
        ledger="person",
        filename=f"{name}.csv",
        content=seal(f"姓名,学历\n{name},初中\n".encode(), "old ledger"),
        area_code=area,
        as_of=date(2024, 12, 31),
        headings={f"{name}.csv": {"姓名": "name", "学历": "edu"}},
        remarks=[[f"{name}.csv", 1, "", f"{name} header"]],
        n_faulty=0,
        n_left_out=1,
        created_at=AT,
        created_by=user,
    )
    ImportedRow.objects.create(
        source=imported,
        sheet=f"{name}.csv",
        number=2,
        values={"name": name, "edu": "70", "row.area": area, "row.as_of": "2024-12-31"},
    )
    Meaning.objects.create(area_code=area, ledger="person", heading=f"{name} heading", column="edu")
    return imported
