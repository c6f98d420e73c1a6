"""The worker's step that places submissions: where and when the visit was, and whether that is plausible.

No submission is refused here: what is implausible is flagged for office staff, and a version
that names a community outside its sender's areas is held for the office of that community.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from django.db import connection
from django.db.models import Exists, OuterRef

from server.accounts.access import Access, common_prefix
from server.accounts.authority import Outside, covers, held_on
from server.accounts.models import RoleGrant
from server.core import clock
from server.core.plain import dumps
from server.core.sealing import unseal_document
from server.core.xml import parse
from server.geo.codes_since import CodesSince, codes_since
from server.geo.selectors import locate, metres_outside
from server.submissions.answers import Head, head
from server.submissions.judging import judge
from server.submissions.models import EncryptedVersion, Submission, SubmissionVersion
from server.submissions.selectors import versions_at_work
from server.submissions.services.holding import areas_to_judge, hold

OLDEST: Final = timedelta(days=730)
"""A record older than this at its receipt was not kept on a phone: the phone's clock stood in the past."""
CLOCK_AHEAD: Final = timedelta(days=1)
INACCURATE_FROM: Final = 100.0  # metres


_SEALS: Final = {
    EncryptedVersion.State.INCOMPLETE: "files_missing",
    EncryptedVersion.State.SEALED: "sealed",
    EncryptedVersion.State.TAMPERED: "tampered",
}


class Flag(StrEnum):
    """Remarks on a submission's place and time, and on its processing."""

    CLOCK = "clock"  # the phone's clock cannot be right; the time of receipt counts
    NO_LOCATION = "no_location"
    INACCURATE = "inaccurate"
    OUTSIDE_AREA = "outside_area"  # outside the named community by more than the accuracy
    FILES_MISSING = "files_missing"  # encrypted; it is opened once all its files are here
    SEALED = "sealed"  # encrypted; the key is not here, or not open
    TAMPERED = "tampered"  # encrypted; altered since, or for another key: not merged
    UNPROCESSED = "unprocessed"  # a later step failed on it


def place(submission_ids: Sequence[int]) -> None:
    """Store community, time, point, title and flags of each submission's current version, and hold what names another area.

    Of a version that stands approved while its edit waits, community, time and flags are
    stored too (ApprovedVersion). Where a version is held, the one before it is placed again.
    Repeating it changes nothing. At most ten statements, whatever the number, but for what is
    held. Part of the caller's transaction.
    """
    pending = list(submission_ids)
    while pending:
        pending = _place(pending)


def _place(submission_ids: Sequence[int]) -> list[int]:
    """Place the submissions; those of which a version was held and taken out, which must be placed again."""
    rows = list(
        versions_at_work(submission_ids)
        .select_related("form_version")
        .annotate(is_current=Exists(Submission.objects.filter(current_version=OuterRef("pk"))))
        .only(
            "submission_id",
            "received_at",
            "submitter_id",
            "document",
            "sender_areas",
            "sender_history",
            "form_version__mapping",
        )
    )
    encrypted = {
        record.version_id: record
        for record in EncryptedVersion.objects.filter(version__in=[row.pk for row in rows])
    }
    heads = [_head(row, encrypted.get(row.pk)) for row in rows]
    times = [
        _plausible(answers.observed_at, row.received_at)
        for row, answers in zip(rows, heads, strict=True)
    ]
    located = _located(heads, [at for at, _is_plausible in times])
    strayed = _strayed(heads, located)
    areas, codes = _sender_areas(rows), codes_since()
    placed = []
    for number, (row, answers) in enumerate(zip(rows, heads, strict=True)):
        at, is_plausible = times[number]
        flags = [] if is_plausible else [Flag.CLOCK]
        record = encrypted.get(row.pk)
        if record is not None and record.document is None:
            flags = [Flag(_SEALS[EncryptedVersion.State(record.state)])]
        else:
            flags += _flags_of_point(answers, is_outside=number in strayed)
        then = held_on(clock.office_day(at), row.sender_history or ())
        area_code = _area_code(answers, located[number], areas[row.pk], then, codes)
        placed.append(_row(row, answers, at, area_code, located[number], flags))
    pairs = list(zip(rows, placed, strict=True))
    _write(columns for row, columns in pairs if row.is_current)
    _write_approved([columns for row, columns in pairs if not row.is_current])
    days = [clock.office_day(at) for at, _is_plausible in times]
    return _hold_outside(
        {
            row.pk: (answers.area_code, day)
            for row, answers, day in zip(rows, heads, days, strict=True)
        }
    )


def place_at_sender(submission_id: int) -> None:
    """Place a submission whose answers cannot be read by its sender's areas and its receipt, where nothing is stored yet."""
    version = (
        SubmissionVersion.objects.filter(current_of=submission_id)
        .only("submission_id", "received_at", "submitter_id", "sender_areas")
        .first()
    )
    if version is None:
        return
    submission = Submission.objects.select_for_update().get(pk=submission_id)
    submission.area_code = submission.area_code or common_prefix(
        sorted(_sender_areas([version])[version.pk])
    )
    submission.observed_at = submission.observed_at or version.received_at
    submission.processed_at = clock.now()
    submission.save(update_fields=["area_code", "observed_at", "processed_at"])


def _hold_outside(named: Mapping[int, tuple[str, date]]) -> list[int]:
    """Hold the versions that name a community outside the areas they are judged by; their submissions.

    `named` is version → the community, "" for none, and the visit's day.
    """
    outside: dict[int, Outside] = {}
    areas: dict[int, tuple[str, ...]] = {}
    naming = [version for version, (community, _day) in named.items() if community]
    for version, considered in areas_to_judge(naming).items():
        community, day = named[version]
        verdict, areas[version] = judge(considered, day, community=community)
        if verdict is not None:
            outside[version] = verdict
    return hold(outside, areas, at=clock.now()) if outside else []


def _head(row: SubmissionVersion, record: EncryptedVersion | None) -> Head:
    """The head answers of a version; empty ones while it is encrypted."""
    sealed = row.document if record is None else record.document
    if sealed is None:
        return Head()
    root = parse(unseal_document(bytes(sealed)))
    return head(root, row.form_version.mapping["head"])


def plausible_time(observed_at: datetime, received_at: datetime) -> datetime:
    """A visit's time by the phone, or that of receipt where the phone's cannot be right."""
    return _plausible(observed_at, received_at)[0]


def _plausible(observed_at: datetime | None, received_at: datetime) -> tuple[datetime, bool]:
    """The visit's time, and whether that is the phone's; an implausible one is replaced by the time of receipt."""
    if observed_at is None:
        return received_at, True
    if received_at - OLDEST <= observed_at <= received_at + CLOCK_AHEAD:
        return observed_at, True
    return received_at, False


def _located(heads: Sequence[Head], times: Sequence[datetime]) -> list[str]:
    """The community each head's point falls in by the boundaries of its day, "" without one."""
    points = [(number, answers.point) for number, answers in enumerate(heads) if answers.point]
    located = locate(
        [point for _number, point in points],
        days=[clock.office_day(times[number]) for number, _point in points],
    )
    communities = [""] * len(heads)
    for (number, _point), community in zip(points, located, strict=True):
        communities[number] = community
    return communities


def _sender_areas(rows: Iterable[SubmissionVersion]) -> dict[int, tuple[str, ...]]:
    """Version → the areas from which its sender sent it; of one that was received before areas were stored, the present ones."""
    rows = list(rows)
    undated = {row.submitter_id for row in rows if row.sender_areas is None}
    grants: dict[int, list[tuple[str, str]]] = {}
    if undated:
        held = RoleGrant.objects.filter(user_id__in=undated)
        for user_id, role, area in held.values_list("user_id", "role", "area"):
            grants.setdefault(user_id, []).append((role, area))
    return {
        row.pk: Access(row.submitter_id, tuple(grants.get(row.submitter_id, ()))).sends_from()
        if row.sender_areas is None
        else tuple(row.sender_areas)
        for row in rows
    }


def _strayed(heads: Sequence[Head], located: Sequence[str]) -> set[int]:
    """Indexes of the heads whose point lies outside the named community by more than its accuracy."""
    doubtful = [
        (number, answers.area_code, answers.point, answers.accuracy or 0.0)
        for number, answers in enumerate(heads)
        if answers.point and answers.area_code and answers.area_code != located[number]
    ]
    distances = metres_outside([(code, *point) for _number, code, point, _accuracy in doubtful])
    return {
        number
        for (number, _code, _point, accuracy), metres in zip(doubtful, distances, strict=True)
        if metres is not None and metres > accuracy
    }


def _flags_of_point(answers: Head, *, is_outside: bool) -> list[Flag]:
    if answers.point is None:
        return [Flag.NO_LOCATION]
    remarks = (
        (Flag.INACCURATE, (answers.accuracy or 0.0) > INACCURATE_FROM),
        (Flag.OUTSIDE_AREA, is_outside),
    )
    return [flag for flag, holds in remarks if holds]


def _area_code(
    answers: Head, located: str, areas: Sequence[str], then: Sequence[str], codes: CodesSince
) -> str:
    """By its code of today, the community that the form names; else the point's, if the sender worked there; else what the sender's areas have in common.

    `then` are further areas of the visit's day, which count for somebody who still works.
    """
    worked = (*areas, *then) if areas else ()
    named = answers.area_code or (located if covers(worked, located) else "")
    return codes.now(named or common_prefix(sorted(areas)))


def _row(
    version: SubmissionVersion,
    answers: Head,
    at: datetime,
    area_code: str,
    located: str,
    flags: Sequence[Flag],
) -> dict[str, Any]:
    longitude, latitude = answers.point or (None, None)
    return {
        "id": version.submission_id,
        "observed_at": at.isoformat(),
        "area_code": area_code,
        "title": answers.instance_name,
        "longitude": longitude,
        "latitude": latitude,
        "accuracy": answers.accuracy,
        "located_area": located,
        "flags": flags,
    }


def _write(placed: Iterable[dict[str, Any]]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            update submissions_submission submission
               set observed_at = placed.observed_at,
                   area_code = placed.area_code,
                   title = placed.title,
                   location = case when placed.longitude is null then null
                       else st_setsrid(st_makepoint(placed.longitude, placed.latitude), 4326) end,
                   accuracy = placed.accuracy,
                   located_area = placed.located_area,
                   flags = placed.flags,
                   processed_at = statement_timestamp()
              from jsonb_to_recordset(%s::jsonb) as placed (
                       id bigint, observed_at timestamptz, area_code text, title text,
                       longitude float8, latitude float8, accuracy float8, located_area text,
                       flags jsonb)
             where submission.id = placed.id
            """,
            [dumps(list(placed))],
        )


def _write_approved(placed: Sequence[dict[str, Any]]) -> None:
    if not placed:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """
            update submissions_approvedversion approved
               set observed_at = placed.observed_at,
                   area_code = placed.area_code,
                   flags = placed.flags
              from jsonb_to_recordset(%s::jsonb) as placed (
                       id bigint, observed_at timestamptz, area_code text, flags jsonb)
             where approved.submission_id = placed.id
            """,
            [dumps(placed)],
        )
