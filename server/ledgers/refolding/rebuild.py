"""The ledgers once more, from what was received and decided (design §2: there must be no difference).

The same merge runs from nothing, against temporary tables that hide the running ones of
the same names; then both are compared column by column. One transaction under the merge
lock: submissions are accepted meanwhile, merging waits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.conf import settings
from django.db import models, transaction
from django.utils.module_loading import import_string

from server.ledgers.definitions.ledgers import LEDGERS
from server.ledgers.entity_lists.versions import stamp_everything
from server.ledgers.models import (
    ContributionRow,
    DeskAct,
    EntityListMark,
    IdentityKey,
    LedgerException,
    ListedEntity,
    Membership,
)
from server.ledgers.refolding.merging import merge_submissions, refold_due
from server.ledgers.refolding.refold import lock, replace
from server.ledgers.storage.database import query
from server.ledgers.storage.desk_acts import contribution_of_act

_BATCH = 500
_OWNERS = {
    "ledgers_spell": ("person_id",),
    "ledgers_assistancecase": ("subject_person_id", "subject_household_id"),
    "ledgers_membership": ("household_id",),
    "ledgers_contribution": ("entry",),
    "ledgers_identitykey": ("entry",),
}
"""Which column says whose row it is; a ledger's own rows are their entry's."""

_LEDGER_MODELS: tuple[type[models.Model], ...] = (
    *LEDGERS.values(),
    Membership,
    ContributionRow,
    IdentityKey,
)
_COUNTING = frozenset({"row_version"})

Progress = Callable[[int, int], None]
"""progress(done, of)"""


@dataclass(slots=True)
class Difference:
    """How the running table differs from the rebuilt one. Counts only: no personal data."""

    table: str
    column: str  # "" for whole rows
    kind: str  # missing | superfluous | different
    rows: int


@dataclass(slots=True)
class Report:
    submissions: int = 0
    acts: int = 0
    rows: dict[str, int] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)


def rebuild(*, area: str, keep: bool, as_of: date, progress: Progress) -> Report:
    """Rebuild and compare; with `keep`, put the running ledgers right where they differ.

    An area takes in every submission that shares an entry with one of the area's. What
    still waits, and what the date has changed, is brought into the running ledgers first.
    """
    report = Report()
    with transaction.atomic():
        lock()
        _catch_up(as_of)
        submissions, acts = _everything() if area == "" else _closure(area)
        report.submissions, report.acts = len(submissions), len(acts)
        _hide()
        _fold_again(submissions, acts, as_of, progress)
        _scope()
        for model in _LEDGER_MODELS:
            report.rows[model._meta.db_table] = _count(model._meta.db_table)
            report.differences += _compare(model)
        report.differences += _compare_exceptions()
        if keep:
            if report.differences:
                _put_right()
            _uncover()
            if report.differences:
                stamp_everything()
        else:
            transaction.set_rollback(True)
    return report


def _catch_up(as_of: date) -> None:
    waiting = [id_ for (id_,) in query("select distinct submission_id from submissions_waiting")]
    if waiting:
        for path in settings.AFTER_SUBMISSION:
            import_string(path)(waiting)
    while refold_due(as_of=as_of):
        pass


def _everything() -> tuple[list[int], list[int]]:
    submissions = query(
        "select id from submissions_submission where current_version_id is not null order by id"
    )
    acts = query("select id from ledgers_deskact where undone_at is null order by id")
    return [id_ for (id_,) in submissions], [id_ for (id_,) in acts]


def _closure(area: str) -> tuple[list[int], list[int]]:
    """The area's submissions and desk acts, with all that share an entry with them, and so on.

    A record whose correction waits lies where the correction does, what stands of it maybe elsewhere.
    """
    query("create temporary table closed (id bigint primary key) on commit drop")
    query(
        "insert into closed select id from ledgers_contribution where area_code like %s"
        " union select said.id from ledgers_contribution said"
        "         join submissions_submission submission on submission.id = said.submission_id"
        "        where submission.area_code like %s",
        (f"{area}%", f"{area}%"),
    )
    while query(
        """
        insert into closed
        select distinct other.id
          from closed
          join ledgers_contribution mine on mine.id = closed.id
          join ledgers_contribution other
            on other.entry = mine.entry or other.submission_id = mine.submission_id
         where not exists (select from closed known where known.id = other.id)
        returning id
        """
    ):
        pass
    submissions = query(
        "select distinct submission_id from ledgers_contribution join closed using (id)"
        " where submission_id is not null"
        " union select id from submissions_submission"
        "        where area_code like %s and current_version_id is not null order by 1",
        (f"{area}%",),
    )
    acts = query("select -id from closed where id < 0 order by 1")
    return [id_ for (id_,) in submissions], [id_ for (id_,) in acts]


def _hide() -> None:
    """Lay empty temporary tables over the derived ones, for this transaction."""
    derived: tuple[type[models.Model], ...] = (
        *_LEDGER_MODELS,
        LedgerException,
        EntityListMark,
        ListedEntity,
    )
    for model in derived:
        table = model._meta.db_table
        query(f"create temporary table {table} (like public.{table} including all) on commit drop")


def _uncover() -> None:
    derived: tuple[type[models.Model], ...] = (
        *_LEDGER_MODELS,
        LedgerException,
        EntityListMark,
        ListedEntity,
    )
    for model in derived:
        query(f"drop table pg_temp.{model._meta.db_table}")
    query("drop table if exists compared, closed")


def _fold_again(
    submissions: Sequence[int], acts: Iterable[int], as_of: date, progress: Progress
) -> None:
    for start in range(0, len(submissions), _BATCH):
        progress(start, len(submissions))
        batch = submissions[start : start + _BATCH]
        merge_submissions(submission_ids=batch, as_of=as_of)
        if start in (_BATCH, 8 * _BATCH, 64 * _BATCH):
            for model in _LEDGER_MODELS:
                query(f"analyze {model._meta.db_table}")
    said = [
        one
        for act in DeskAct.objects.filter(pk__in=list(acts)).order_by("pk")
        if (one := contribution_of_act(act)) is not None
    ]
    replace([], said, as_of)
    progress(len(submissions), len(submissions))


def _scope() -> None:
    """The entries compared: what the rebuild made, and what the same submissions had made."""
    query("create temporary table compared (entry uuid primary key) on commit drop")
    query(
        "insert into compared select entry from pg_temp.ledgers_contribution"
        " union select known.entry from public.ledgers_contribution known"
        "  join pg_temp.ledgers_contribution made on made.id = known.id"
        " union select known.entry from public.ledgers_contribution known"
        " where known.submission_id in (select submission_id from pg_temp.ledgers_contribution)"
    )
    query("analyze compared")


def _count(table: str) -> int:
    ((count,),) = query(f"select count(*) from pg_temp.{table}")  # noqa: S608 a model's table
    return int(count)


def _columns(model: type[models.Model]) -> list[str]:
    return [
        str(one.column)
        for one in model._meta.concrete_fields
        if not one.generated and one.column not in _COUNTING
    ]


def _key(model: type[models.Model]) -> tuple[str, ...]:
    return ("family", "key") if model is IdentityKey else ("id",)


def _running(table: str) -> str:
    """The running rows that are compared."""
    owners = _OWNERS.get(table, ("id",))
    return " or ".join(f"{owner} in (select entry from compared)" for owner in owners)  # noqa: S608


def _compare(model: type[models.Model]) -> list[Difference]:
    table, key = model._meta.db_table, _key(model)
    columns = [name for name in _columns(model) if name not in key]
    counted = ", ".join(
        f'count(*) filter (where old."{key[0]}" is not null and new."{key[0]}" is not null'
        f' and old."{name}" is distinct from new."{name}")'
        for name in columns
    )
    joined = ", ".join(f'"{name}"' for name in key)
    ((missing, superfluous, *different),) = query(
        f"""
        select count(*) filter (where old."{key[0]}" is null),
               count(*) filter (where new."{key[0]}" is null), {counted}
          from (select * from public.{table} where {_running(table)}) old
          full join pg_temp.{table} new using ({joined})
        """  # noqa: S608 names of tables and fields
    )
    found = [Difference(table, "", "missing", missing)] if missing else []
    if superfluous:
        found.append(Difference(table, "", "superfluous", superfluous))
    found += [
        Difference(table, name, "different", rows)
        for name, rows in zip(columns, different, strict=True)
        if rows
    ]
    return found


_EXCEPTIONS = """
    with running as (
        select kind, "column", contribution, other, entry from public.ledgers_ledgerexception
         where resolved_at is null and entry in (select entry from compared)
           and kind not in ('entity_conflict', 'entity_fault')
           and (other is null or other in (select entry from compared))
    ), made as (
        select kind, "column", contribution, other, entry from pg_temp.ledgers_ledgerexception new
         where kind not in ('entity_conflict', 'entity_fault') and not exists (
               select from public.ledgers_ledgerexception old
                where old.resolved_at is not null
                  and (old.kind, old."column", old.contribution) =
                      (new.kind, new."column", new.contribution)
                  and old.other is not distinct from new.other)
    )
"""


def _compare_exceptions() -> list[Difference]:
    ((missing,),) = query(
        _EXCEPTIONS + "select count(*) from (table made except table running) found"  # noqa: S608
    )
    ((superfluous,),) = query(
        _EXCEPTIONS + "select count(*) from (table running except table made) found"  # noqa: S608
    )
    table = LedgerException._meta.db_table
    found = [Difference(table, "", "missing", missing)] if missing else []
    if superfluous:
        found.append(Difference(table, "", "superfluous", superfluous))
    return found


def _put_right() -> None:
    """Make the running rows what was rebuilt; versions count on where a row changes, and phones fetch their lists again."""
    for model in _LEDGER_MODELS:
        table, key = model._meta.db_table, _key(model)
        columns = _columns(model)
        same_key = " and ".join(f'new."{name}" = old."{name}"' for name in key)
        query(
            f"delete from public.{table} old where ({_running(table)})"  # noqa: S608
            f" and not exists (select from pg_temp.{table} new where {same_key})"
        )
        versioned = any(one.column == "row_version" for one in model._meta.concrete_fields)
        values = [name for name in columns if name not in key]
        setting = ", ".join(f'"{name}" = excluded."{name}"' for name in values)
        bump = ", row_version = old.row_version + 1" if versioned else ""
        mine = ", ".join(f'old."{name}"' for name in values)
        theirs = ", ".join(f'excluded."{name}"' for name in values)
        names = ", ".join(f'"{name}"' for name in columns)
        query(
            f"""
            insert into public.{table} as old ({names}{", row_version" if versioned else ""})
            select {names}{", 1" if versioned else ""} from pg_temp.{table}
                on conflict ({", ".join(f'"{name}"' for name in key)})
                do update set {setting}{bump} where row({mine}) is distinct from row({theirs})
            """  # noqa: S608 names of tables and fields
        )
    _put_exceptions_right()
    query("update public.ledgers_entitylistmark set mark = mark + 1")


def _put_exceptions_right() -> None:
    names = '(kind, "column", contribution, other, entry)'
    query(
        _EXCEPTIONS + "delete from public.ledgers_ledgerexception old"  # noqa: S608
        f" using (table running except table made) gone {names}"
        ' where (old.kind, old."column", old.contribution, old.entry)'
        '     = (gone.kind, gone."column", gone.contribution, gone.entry)'
        " and old.other is not distinct from gone.other and old.resolved_at is null"
    )
    query(
        _EXCEPTIONS + "insert into public.ledgers_ledgerexception"  # noqa: S608
        ' (kind, family, entry, "column", contribution, other, area_code, detail, opened_at,'
        "  resolution)"
        ' select new.kind, new.family, new.entry, new."column", new.contribution, new.other,'
        "        new.area_code, new.detail, new.opened_at, ''"
        "   from pg_temp.ledgers_ledgerexception new"
        "   join (table made except table running) found"
        f' {names} on (new.kind, new."column", new.contribution, new.entry)'
        '            = (found.kind, found."column", found.contribution, found.entry)'
        " and new.other is not distinct from found.other"
        ' on conflict (kind, "column", contribution, other)'
        " do update set entry = excluded.entry, area_code = excluded.area_code"
    )


__all__ = ["Difference", "Report", "rebuild"]
