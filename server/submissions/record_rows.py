"""Reads many records for an export: their columns in batches, without documents, and their answers as they were laid out before."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce

from server.core.sealing import unseal_packed
from server.submissions.filenames import compared
from server.submissions.laid_out import PURPOSE
from server.submissions.models import (
    Attachment,
    LaidOutAnswers,
    Submission,
    SubmissionVersion,
)
from server.submissions.selectors import shown_files, without_held

BATCH: Final = 500
Order = Sequence[tuple[str, bool]]
"""Columns without nulls and whether they descend, the primary key last."""

_COLUMNS: Final = (
    "pk", "instance_id", "received_at", "submitter_id", "area_code", "review_state",
    "current_version_id", "current_version__form_version_id", "current_version__device_id",
    "current_version__encrypted__state", "submitter__name", "submitter__username", "n_versions",
)  # fmt: skip


_RECEIVED: Final = without_held(SubmissionVersion.objects.filter(submission=OuterRef("pk")))
_COUNTED: Final = _RECEIVED.order_by().values("submission").annotate(count=Count("pk"))
_N_VERSIONS: Final = Coalesce(Subquery(_COUNTED.values("count")), 1)


@dataclass(slots=True)
class RecordRow:
    """A record without its answers, and how many versions and which files it has."""

    pk: int
    instance_id: str
    received_at: datetime
    submitter_id: int
    area_code: str
    review_state: str
    version_id: int
    form_version_id: int
    device_id: str
    encrypted_state: str | None  # EncryptedVersion.State; None of a record that came unencrypted
    submitter_name: str
    submitter_username: str
    n_versions: int
    updated_at: datetime | None  # None, too, where it was not asked for
    place: tuple[Any, ...]  # the values that the rows are ordered by
    n_files: int = 0  # of the current version
    files_here: frozenset[str] = frozenset()  # their names as compared

    @property
    def submitter(self) -> str:
        """The name of the person who sent it, as `User` shows it."""
        return self.submitter_name or self.submitter_username


def in_batches(
    rows: QuerySet[Submission],
    order: Order,
    after: Sequence[Any] = (),
    size: int = BATCH,
    *,
    has_updated_at: bool = False,
) -> Iterator[list[RecordRow]]:
    """All rows, `size` at a time, with `updated_at` if asked for. Two queries a batch.

    `after` is the place of a row, behind which to go on. Each batch is a query of its own by
    these values, so that no row is repeated or lost while others arrive.
    """
    ordered = rows.order_by(*(f"{'-' if down else ''}{name}" for name, down in order))
    names = [name for name, _down in order]
    while True:
        left = ordered.filter(_behind(order, after)) if after else ordered
        batch = _read(left[:size], names, has_updated_at)
        if batch:
            _add_files(batch)
            yield batch
        if len(batch) < size:
            return
        after = batch[-1].place


def record_row(rows: QuerySet[Submission], **named: Any) -> RecordRow | None:
    """The row that the condition names, with `updated_at`; None without."""
    batch = _read(rows.order_by("pk").filter(**named)[:1], ["pk"], True)
    _add_files(batch)
    return next(iter(batch), None)


def _read(
    rows: QuerySet[Submission], names: Sequence[str], has_updated_at: bool
) -> list[RecordRow]:
    columns = (*_COLUMNS, "updated_at") if has_updated_at else _COLUMNS
    place, blank = len(columns), () if has_updated_at else (None,)
    return [
        RecordRow(*(*values[:place], *blank, values[place:]))
        for values in rows.annotate(n_versions=_N_VERSIONS).values_list(*columns, *names)
    ]


def _behind(order: Order, after: Sequence[Any]) -> Q:
    behind, same = Q(pk__in=()), Q()
    for (name, down), value in zip(order, after, strict=True):
        behind |= same & Q(**{f"{name}__{'lt' if down else 'gt'}": value})
        same &= Q(**{name: value})
    return behind


def among(keys: Iterable[int]) -> RawSQL:
    """The keys as one value of a statement: a statement of five hundred values takes the longer time to write and to read."""
    return RawSQL("select unnest(%s::bigint[])", [list(keys)])


def _add_files(batch: Sequence[RecordRow]) -> None:
    """Fill in the files."""
    files: dict[int, list[str]] = {}
    shown = shown_files(
        Attachment.objects.filter(version__in=among(row.version_id for row in batch))
    )
    for version, name in shown.order_by().values_list("version", "name"):
        files.setdefault(version, []).append(compared(name))
    for row in batch:
        here = files.get(row.version_id, ())
        row.n_files, row.files_here = len(here), frozenset(here)


def versions_with_answers(version_ids: Iterable[int]) -> dict[int, SubmissionVersion]:
    """Versions by key, with their documents, decrypted ones included."""
    versions = SubmissionVersion.objects.select_related("encrypted")
    return versions.in_bulk(list(version_ids))


def laid_out(
    batch: Collection[RecordRow], clearance: int, digests: Mapping[int, bytes]
) -> Iterator[tuple[int, bytes]]:
    """The version and layout of each of these records whose answers are laid out for the clearance. One query.

    `digests` has the digest to expect by form version. What was laid out otherwise is left out.
    """
    rows = {row.version_id: row for row in batch}
    kept = LaidOutAnswers.objects.filter(
        submission__in=among(row.pk for row in batch), clearance=clearance
    )
    for version, digest, layout in kept.values_list("version_id", "digest", "layout"):
        row = rows.get(version)
        if row is not None and bytes(digest) == digests[row.form_version_id]:
            yield version, unseal_packed(bytes(layout), PURPOSE)
