"""Two streets whose every text, name, file and number says whose it is, for the leak tests.

Each side's rows also name rows, records and people of the other side, as they do after moves.
`hold_restricted` puts restricted facts into every column, question and list that takes them, or
puts there what readers without the restricted role see in their place.
"""

from __future__ import annotations

import hashlib
import uuid
from datetime import date
from typing import Any, Final

from django.contrib.gis.geos import Point

from server.audit.models import Act
from server.audit.services import record
from server.core import blobs
from server.core.sealing import seal_document, seal_packed, seal_text, search_hash
from server.disclosure.models import ExportPermit
from server.ledgers.definitions.columns import Column, Kind, Reading, Sensitivity, hash_purpose
from server.ledgers.definitions.ledgers import COLUMNS, LEDGERS
from server.ledgers.definitions.sensitivity import has_restricted, unrestricted
from server.reports.figures import read_figures, state_figures
from server.submissions.answers import FILE_TYPES
from tests.conftest import COMMUNITY, OTHER_STREET_COMMUNITY
from tests.factories.console import (
    AT,
    attach,
    entry,
    make_deleted,
    make_erasure,
    make_form,
    make_link,
    photo_bytes,
)
from tests.factories.filings import make_filing
from tests.factories.imports import make_import
from tests.factories.ledgers import id_number
from tests.factories.restricted_values import open_code, restricted_value
from tests.factories.rules import make_rule
from tests.factories.sent_back import make_correction_form, send_back_of
from tests.factories.side import FORM, Side, document, file_name, mapping, questions
from tests.factories.trees import plant

LISTED: Final = {
    "households": "household", "cases": "case", "employers": "employer", "persons": "person",
    "vacancies": "vacancy", "retirees": "retiree",
}  # fmt: skip
"""Entity list → the ledger whose entries it shows."""
DEPTHS: Final = {"own": "", "joined": "-joined"}
"""Entries of a side that name its own, and others that name the other side's."""


def make_worlds(make_user: Any) -> tuple[Side, Side]:
    """Both sides, north in STREET."""
    from server.forms.models import FormMedia

    north = Side(
        "qnorthq", COMMUNITY, 113.355, id_number("1965-01-01", 1), id_number("1971-02-03", 3)
    )
    south = Side(
        "qsouthq",
        OTHER_STREET_COMMUNITY,
        113.375,
        id_number("1966-03-04", 5),
        id_number("1972-05-06", 7),
    )
    form = make_form(FORM)
    form.versions.update(mapping=mapping(), questions=questions())
    form.current_version.refresh_from_db()
    FormMedia.objects.bulk_create(
        FormMedia(
            form_version=form.current_version,
            filename=f"{name}.csv",
            kind=FormMedia.Kind.ENTITY_LIST,
        )
        for name in ("communities", *LISTED)
    )
    sides = (north, south)
    for side in sides:
        _people(side, make_user)
        _bulletin(side)
        side.rule = make_rule(side.worker, side.area, f"{side.tag} because")
        _division(side)
        _record(side, form)
        _gone(side, form)
        for depth in DEPTHS:
            for ledger in LEDGERS:
                side.entries.setdefault(ledger, {})[depth] = _entry(side, ledger, depth)
    own_people = [side.entries["person"]["own"] for side in sides]
    north.link, south.link = make_link(*own_people)
    plant(sides, form)
    make_correction_form()
    for side, other in (sides, sides[::-1]):
        _link(side, other)
        _about(side, other, form)
        send_back_of(side)
    hold_restricted(sides, are_there=True)
    return sides


# --- what a side has ---


def _people(side: Side, make_user: Any) -> None:
    from server.accounts.models import FieldAccount, PhoneSettings, SavedView
    from server.accounts.services import issue_token

    side.worker = make_user(f"{side.tag}-worker", role="worker", area=side.area)
    type(side.worker).objects.filter(pk=side.worker.pk).update(name=f"{side.tag} worker")
    side.worker.refresh_from_db()
    side.imported = make_import(side.worker, side.area, f"{side.tag} old")
    side.account, side.token = issue_token(user=side.worker, label=f"{side.tag} phone", actor=None)
    FieldAccount.objects.filter(pk=side.account.pk).update(
        user_agent=f"{side.tag} agent", device_id=f"{side.tag} device", last_seen_at=AT
    )
    SavedView.objects.create(
        user=side.worker, ledger="person", title=f"{side.tag} view", query="", area=side.area,
        is_shared=True, created_at=AT,
    )  # fmt: skip
    PhoneSettings.objects.create(area=side.area, changed_at=AT, changed_by=side.worker)


def _division(side: Side) -> None:
    from server.geo.models import DivisionChange

    side.renamed = DivisionChange.objects.create(
        division_id=side.area, takes_effect_on=AT.date(), name_before=f"{side.tag} before",
        name_en_before=f"{side.tag} before en", name=f"{side.tag} name",
        name_en=f"{side.tag} name en", reason=f"{side.tag} order", evidence=f"{side.tag} number",
        made_at=AT, made_by=side.worker, undone_at=AT, undone_by=side.worker,
    )  # fmt: skip


def _bulletin(side: Side) -> None:
    from server.bulletin.models import Bulletin

    Bulletin.objects.create(
        area_code=side.area, contact=f"{side.tag} contact", changed_at=AT, changed_by=side.worker
    )  # closed: an open one is for everybody


def _record(side: Side, form: Any) -> None:
    from server.submissions.models import (
        Comment,
        LaidOutAnswers,
        ReviewDecision,
        Submission,
        SubmissionVersion,
    )

    side.submission = Submission.objects.create(
        form=form, instance_id=side.instance_id, submitter=side.worker, area_code=side.area,
        located_area=side.area, received_at=AT, observed_at=AT, processed_at=AT,
        title=f"{side.tag} title", location=Point(side.lon, 23.125, srid=4326), accuracy=8.0,
        flags=["inaccurate"], review_state="has_issues",
    )  # fmt: skip
    for instance_id, edits in (
        (side.instance_id, ""),
        (f"{side.instance_id}-edit", side.instance_id),
    ):
        content = document(side, instance_id, restricted=True, edits=edits)
        side.version = SubmissionVersion.objects.create(
            submission=side.submission, form=form, form_version=form.current_version,
            instance_id=instance_id, deprecated_id=edits, size=1000, received_at=AT,
            sha256=hashlib.sha256(content).digest(), document=seal_document(content),
            submitter=side.worker, device_id=f"{side.tag} device", user_agent=f"{side.tag} agent",
        )  # fmt: skip
    side.submission.current_version = side.version
    side.submission.save()
    LaidOutAnswers.objects.create(
        submission=side.submission, clearance=7, version=side.version, digest=b"another",
        layout=seal_packed(f"{side.tag} layout".encode(), "laid out"),
    )  # fmt: skip
    for kind in sorted(FILE_TYPES):
        content = f"{side.tag} {kind} content {side.typed_no}".encode()
        content = photo_bytes() + content if kind == "image" else content
        side.files[kind] = attach(side.submission, file_name(side, kind), content)
    Comment.objects.create(
        submission=side.submission, body=f"{side.tag} comment", user=side.worker, at=AT
    )
    ReviewDecision.objects.create(
        submission=side.submission,
        state="has_issues",
        reason=f"{side.tag} reason",
        user=side.worker,
        at=AT,
        batch=uuid.uuid4(),
    )


def _gone(side: Side, form: Any) -> None:
    """A deleted record, and a request to erase the other."""
    side.deletion = make_deleted(
        form, side.worker, side.area, f"uuid:{side.tag}-deleted", reason=f"{side.tag} deletion"
    )
    side.permit = ExportPermit.objects.create(
        user=side.worker, kind="form", name=FORM, area_code=side.area, reason=f"{side.tag} permit",
        rows=1, requested_at=AT, expires_at=AT, needs_consent=True,
    )  # fmt: skip
    side.erasure = make_erasure(side.submission, side.worker, reason=f"{side.tag} erasure")
    side.filing = make_filing(side.worker, side.area, reason=f"{side.tag} filing {side.typed_no}")


def _entry(side: Side, ledger: str, depth: str) -> Any:
    values: dict[str, Any] = {}
    for column in COLUMNS[ledger].values():
        if column.kind not in (Kind.ENTRY, Kind.USER, Kind.JSON):
            values.update(_value(side, ledger, column, depth))
    model = LEDGERS[ledger]
    if ledger == "household":
        values["assisted_categories"] = ["B01"]
    return model._default_manager.create(**entry(side.area, last_confirmed_on=AT.date(), **values))


def _value(side: Side, ledger: str, column: Column, depth: str) -> dict[str, Any]:
    name = column.name
    text = f"{side.tag} {ledger}.{name}{DEPTHS[depth]}"
    if column.kind is Kind.TEXT:
        if column.reads is Reading.TEXT and not column.computed:
            text += f" {side.typed_no}"
        return {name: text}
    if column.kind is Kind.SEALED:
        value = side.sealed_no
        return {
            name: seal_text(value, name),
            f"{name}_hash": search_hash(value, hash_purpose(column)),
        }
    plain: dict[Kind, Any] = {
        Kind.CODE: open_code(column), Kind.CODES: [open_code(column)], Kind.INTEGER: 3,
        Kind.DECIMAL: 4, Kind.BOOLEAN: True, Kind.DATE: date(1965, 1, 1), Kind.INSTANT: AT,
        Kind.AREA: side.area, Kind.POINT: Point(side.lon, 23.125, srid=4326),
        Kind.IMAGE: file_name(side, "image"),
    }  # fmt: skip
    if name in ("closed_on", "to_on", "end_on", "death_date"):
        return {}
    if name == "state" and ledger == "case":
        return {name: "6"}
    if column.sensitivity is Sensitivity.RESTRICTED:
        return {}
    return {name: plain[column.kind]}


def _link(side: Side, other: Side) -> None:
    """Let own entries name their own, and joined ones the other side's entries, people and records."""
    from server.ledgers.models import ContributionRow, Membership

    version = side.version.form_version
    for number, whose in enumerate((side, other)):
        depth = "own" if whose is side else "joined"
        contribution = ContributionRow.objects.create(
            id=(whose.version.pk * 65_536 + number + 10 * (side.tag > other.tag)), family="person",
            entry=side.entries["person"][depth].pk, keys=[uuid.uuid4()], submission=whose.submission,
            form_version=version, path="/data/members[1]", observed_at=AT, received_at=AT,
            instance_id=whose.instance_id, worker=whose.worker, level=2, area_code=whose.area,
            values={"name": whose.tag, "health": "6"},
        )  # fmt: skip
        for ledger, model in LEDGERS.items():
            values: dict[str, Any] = {
                "recorded_by": whose.worker,
                "source_submission": whose.submission,
                "origins": {str(contribution.pk): list(COLUMNS[ledger])},
            }
            for column in COLUMNS[ledger].values():
                if column.kind is Kind.ENTRY:
                    to = model._meta.get_field(column.name).related_model
                    named = next(name for name, kind in LEDGERS.items() if kind is to)
                    values[column.name] = whose.entries[named]["own"]
                elif column.kind is Kind.USER:
                    values[column.name] = whose.worker
                elif column.name == "followup":
                    values["followup"] = [{"months": 1, "due_on": "2026-12-01", "done_on": None}]
            model._default_manager.filter(pk=side.entries[ledger][depth].pk).update(**values)
        for role in ("hukou", "resident"):
            for home, person in ((side, whose), (whose, side)):
                Membership.objects.get_or_create(
                    household=home.entries["household"]["own"], person=person.entries["person"]["own"],
                    role=role, from_on=date(2026, 3, 1),
                    defaults={"id": uuid.uuid4(), "relation": "0", "contribution": contribution.pk},
                )  # fmt: skip


def _about(side: Side, other: Side, form: Any) -> None:
    """What office staff have of the side: exceptions, acts, quarantine, log, audience."""
    from server.accounts.models import FormerGrant
    from server.forms.models import FormAudience
    from server.ledgers.models import (
        DeskAct,
        EntityListRevision,
        IdentityKey,
        KeptKey,
        LedgerException,
        ListedEntity,
    )
    from server.quarantine.models import Quarantined, QuarantineRefusal, Reopening, Repair
    from server.submissions.models import ApprovedVersion, Verdict

    person = side.entries["person"]["own"]
    home, theirs = side.entries["household"]["own"], other.entries["household"]["own"]
    about = {"family": "person", "entry": person.pk, "area_code": side.area, "opened_at": AT}
    solved = {
        "resolved_at": AT,
        "resolved_by": other.worker,
        "resolution": f"{side.tag} resolution",
    }
    contribution = side.version.pk * 65_536
    side.exceptions = [
        LedgerException.objects.create(kind="conflict", column="edu", contribution=contribution, **about),
        LedgerException.objects.create(
            kind="possible_duplicate", contribution=contribution, other=other.entries["person"]["own"].pk, **about
        ),
        LedgerException.objects.create(
            kind="two_hukou_households", contribution=contribution,
            detail={"households": [str(home.pk), str(theirs.pk)]}, **about,
        ),
        LedgerException.objects.create(kind="bad_id", column="id_no", contribution=contribution, **about, **solved),
    ]  # fmt: skip
    for area in (side.area, other.area):
        FormerGrant.objects.create(
            user=side.worker, role="worker", area=area, since=date(2026, 1, 1), until=date(2026, 1, 2)
        )  # fmt: skip
    IdentityKey.objects.create(family="person", key=person.pk, entry=person.pk)
    KeptKey.objects.create(key=person.pk, area_code=side.area)
    side.act = DeskAct.objects.create(
        kind="not_same", family="person", entry=person.pk, other=other.entries["person"]["own"].pk,
        area_code=side.area, reason=f"{side.tag} act", user=side.worker, at=AT,
    )  # fmt: skip
    waiting = {
        "received_at": AT, "submitter": side.worker, "field_account": side.account, "area": side.area,
        "sender_area": side.area, "sender_areas": [side.area], "size": 10, "stored_bytes": 10,
        "device_id": f"{side.tag} device", "user_agent": f"{side.tag} agent",
    }  # fmt: skip
    name, content = f"{side.tag}-kept.jpg", f"{side.tag} kept".encode()
    blob = blobs.store([content])
    file = {
        "name": name, "sha256": blob.sha256.hex(), "md5": blob.md5.hex(), "size": blob.size, "content_type": "",
    }  # fmt: skip
    kept = document(side, f"uuid:{side.tag}-kept", restricted=True)
    side.item = Quarantined.objects.create(
        reason="form-closed", form_id=FORM, form_version="2026112001", instance_id=f"uuid:{side.tag}-kept",
        sha256=hashlib.sha256(kept).digest(), document=seal_document(kept), attachments=[file], **waiting,
    )  # fmt: skip
    Repair.objects.create(
        item=side.item, act="new_instance", sha256=bytes(32), document=seal_document(kept), size=10,
        reason=f"{side.tag} repair", user=side.worker, at=AT,
    )  # fmt: skip
    Reopening.objects.create(
        item=side.item, dismissed_at=AT, dismissed_by=side.worker, dismissed_note=f"{side.tag} note",
        reason=f"{side.tag} reopening", user=side.worker, at=AT,
    )  # fmt: skip
    broken = f"<data {side.tag} despair".encode()
    side.unreadable = Quarantined.objects.create(
        reason="bad-xml",
        sha256=hashlib.sha256(broken).digest(),
        document=seal_document(broken),
        **waiting,
    )
    QuarantineRefusal.objects.create(
        day=AT.date(), limit="phone_items", reason="form-closed", submitter=side.worker,
        area=side.area, count=1,
    )  # fmt: skip
    ApprovedVersion.objects.create(
        submission=side.submission, version=side.version, area_code=side.area
    )
    FormAudience.objects.create(form=form, user=side.worker)
    FormAudience.objects.create(form=form, area=side.area)
    Verdict.objects.create(version=side.version, area=side.area, areas=[side.area], judged_at=AT)
    for name, ledger in LISTED.items():
        EntityListRevision.objects.create(list=name, area_code=side.area, revision=1)
        for row in side.entries[ledger].values():
            ListedEntity.objects.create(list=name, entity=row.pk, version=2, area_code=side.area)
    record(
        Act.EXPORT, actor=side.worker, object_type="form", object_id=FORM, area=side.area,
        reason=f"{side.tag} logged", facts={"columns": [side.tag]},
    )  # fmt: skip
    state_figures(
        read_figures(["kind,area,since,number,people", f"census,{side.area},2026-01-01,2,5"])
    )


# --- restricted facts ---


def hold_restricted(sides: tuple[Side, ...], *, are_there: bool) -> None:
    """Put restricted facts into everything that takes them, or what others see in their place."""
    from server.quarantine.models import Quarantined, Repair
    from server.submissions.models import SubmissionVersion

    for side in sides:
        for ledger, model in LEDGERS.items():
            for depth, row in side.entries[ledger].items():
                values = {
                    name: value if are_there else unrestricted(column, value)
                    for name, column in COLUMNS[ledger].items()
                    if has_restricted(column)
                    and (value := restricted_value(side, column, f"{ledger}.{name}{DEPTHS[depth]}"))
                    is not None
                }
                if ledger == "household":
                    only = side.entries[ledger]["joined"] is row
                    plain = [] if only else ["B01"]
                    values["assisted_categories"] = [*plain, "B02"] if are_there else plain
                values["history"] = {
                    name: [["2026-01-01", value, None, "stated"]]
                    for name, value in values.items()
                    if name in COLUMNS[ledger] and COLUMNS[ledger][name].codes and value
                }
                model._default_manager.filter(pk=row.pk).update(**values)
        for version in SubmissionVersion.objects.filter(submission=side.submission):
            content = document(
                side, version.instance_id, restricted=are_there, edits=version.deprecated_id
            )
            SubmissionVersion.objects.filter(pk=version.pk).update(document=seal_document(content))
        kept = seal_document(document(side, f"uuid:{side.tag}-kept", restricted=are_there))
        Quarantined.objects.filter(pk=side.item.pk).update(document=kept)
        Repair.objects.filter(item=side.item).update(document=kept)
