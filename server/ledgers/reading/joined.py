"""What a row names in other rows, as far as the reader sees those (security.md, Joined rows).

Entries, records and people of another area hang on the rows of the reader's own area: after
a move, through two households, by a visit. Every selector of ledger rows says beside each such
reference whether it lies in the reader's areas; what does not is shown as "in another
area", without uuid, name or value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeVar

from django.db.models import Model, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from server.accounts.access import RESTRICTED, Access
from server.accounts.selectors import grants_near
from server.ledgers.definitions.columns import Kind, columns_of
from server.ledgers.models.base import LedgerEntry

RowT = TypeVar("RowT", bound=Model)
SOURCE: Final = "source_submission"
RECORDED_BY: Final = "recorded_by"
SHOWS: Final = "shows_"


def with_reach(access: Access, rows: QuerySet[RowT]) -> QuerySet[RowT]:
    """The rows of a ledger, each saying of what it names whether the reader sees it (`shows`)."""
    columns = columns_of(rows.model).values()
    entries = [column.name for column in columns if column.kind is Kind.ENTRY]
    people = [column.name for column in columns if column.kind is Kind.USER]
    rows = entries_in_reach(access, rows, (*entries, SOURCE))
    rows = people_in_reach(access, rows, people)
    recorded_by = Coalesce(_seen(access, rows, SOURCE), _near(access, RECORDED_BY))
    return _saying(rows, {RECORDED_BY: recorded_by})


def entries_in_reach(access: Access, rows: QuerySet[RowT], names: Iterable[str]) -> QuerySet[RowT]:
    """The rows, each saying of the rows with an area that it names whether the reader sees them."""
    return _saying(rows, {name: _seen(access, rows, name) for name in names})


def people_in_reach(access: Access, rows: QuerySet[RowT], names: Iterable[str]) -> QuerySet[RowT]:
    """The rows, each saying of the people that it names whether they work in, or over, an area of the reader."""
    return _saying(rows, {name: _near(access, name) for name in names})


def note_reach(access: Access, row: LedgerEntry) -> None:
    """Let an entry that no selector read say of what it names whether the reader sees it. A query for each."""
    for name, column in columns_of(type(row)).items():
        if column.kind is Kind.ENTRY:
            setattr(row, SHOWS + name, _is_within(access, row, name))
        elif column.kind is Kind.USER:
            setattr(row, SHOWS + name, _is_near(access, row, name))
    from_here = _is_within(access, row, SOURCE)
    setattr(row, SHOWS + SOURCE, from_here)
    setattr(row, SHOWS + RECORDED_BY, from_here or _is_near(access, row, RECORDED_BY))


def _is_within(access: Access, row: LedgerEntry, name: str) -> bool:
    model = row._meta.get_field(name).related_model
    key = getattr(row, f"{name}_id")
    assert isinstance(model, type)  # noqa: S101 the model of an entry or a submission
    return bool(model._default_manager.filter(reach(access, model), pk=key).exists())


def _is_near(access: Access, row: LedgerEntry, name: str) -> bool:
    return bool(grants_near(access).filter(user=getattr(row, f"{name}_id")).exists())


def shows(row: Model, name: str) -> bool:
    """Whether the reader sees what the row names there; never for a row that no selector read."""
    return bool(getattr(row, SHOWS + name, False))


def joined(row: Model, name: str) -> Any:
    """What the row names there; None where it names nothing, or nothing that the reader sees."""
    return getattr(row, name) if shows(row, name) else None


def joined_key(row: Model, name: str) -> Any:
    """The key of what the row names there; None like `joined`."""
    return getattr(row, f"{name}_id") if shows(row, name) else None


def is_elsewhere(row: Model, name: str) -> bool:
    """Whether the row names something there that lies in another area."""
    return getattr(row, f"{name}_id") is not None and not shows(row, name)


def elsewhere(row: LedgerEntry) -> list[str]:
    """The columns of an entry that name something in another area."""
    columns = columns_of(type(row)).values()
    names = [column.name for column in columns if column.kind in (Kind.ENTRY, Kind.USER)]
    return [name for name in (*names, SOURCE, RECORDED_BY) if is_elsewhere(row, name)]


def _seen(access: Access, rows: QuerySet[Any], name: str) -> Subquery:
    named: Any = rows.model._meta.get_field(name).related_model
    return _there(named._default_manager.filter(reach(access, named), pk=OuterRef(f"{name}_id")))


def reach(access: Access, model: Any) -> Q:
    """The reader's areas; for the rows of a restricted ledger those of the restricted role."""
    definition = getattr(model, "ledger", None)
    if definition is not None and definition.is_restricted:
        return access.within() & access.within(roles=RESTRICTED)
    return access.within()


def _near(access: Access, name: str) -> Subquery:
    return _there(grants_near(access).filter(user=OuterRef(f"{name}_id")))


def _there(rows: QuerySet[Any]) -> Subquery:
    """True where there is such a row, else null.

    Looked up by key for each row that is returned. A join would be made for each row that is
    sorted, and for `exists` PostgreSQL reads the whole table once it expects many rows.
    """
    return Subquery(rows.order_by().values(is_there=Value(True))[:1])


def _saying(rows: QuerySet[RowT], conditions: Mapping[str, Subquery | Coalesce]) -> QuerySet[RowT]:
    annotations: dict[str, Any] = {SHOWS + name: there for name, there in conditions.items()}
    reached: QuerySet[RowT] = rows.annotate(**annotations)
    return reached
