"""The ledgers by name, as forms, folds and pages speak of them, each with its declared columns."""

from __future__ import annotations

from server.core.labels import Label
from server.ledgers.definitions.columns import Column, columns_of
from server.ledgers.models import AssistanceCase, Employer, Household, Person, Spell, Vacancy, Visit
from server.ledgers.models.base import LedgerEntry

LEDGERS: dict[str, type[LedgerEntry]] = {
    "person": Person,
    "household": Household,
    "spell": Spell,
    "case": AssistanceCase,
    "visit": Visit,
    "employer": Employer,
    "vacancy": Vacancy,
}
"""L1–L7; a spell and a case are folded from what was said of their person (or household)."""

LABELS: dict[str, Label] = {
    "person": Label("城乡劳动力资源台帐", "Persons"),
    "household": Label("家庭户台帐", "Households"),
    "spell": Label("就业与失业台帐", "Employment and unemployment"),
    "case": Label("就业援助台帐", "Assistance cases"),
    "visit": Label("入户家访记录", "Visits"),
    "employer": Label("用人单位台帐", "Employers"),
    "vacancy": Label("空岗/公益性岗位台帐", "Vacancies"),
}

SUB_LEDGERS: dict[str, tuple[str, ...]] = {
    "person": ("spell", "case"),
    "household": ("case",),
}
"""Family → the ledgers whose rows belong to an entry of it; its contributions speak of their columns as "case.state"."""

COLUMNS: dict[str, dict[str, Column]] = {name: columns_of(model) for name, model in LEDGERS.items()}

LINKS: dict[str, str] = {
    "household": "household",
    "member_of": "household",
    "person": "person",
    "employer": "employer",
}
"""A contribution's link by name → the family of the entry it leads to."""
