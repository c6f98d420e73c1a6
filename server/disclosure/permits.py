"""Export permits: asked for, consented to, refused, withdrawn (decision 0256)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import QuerySet, Sum
from django.utils.translation import gettext as _

from server.accounts.access import REVEALERS, Access, within
from server.accounts.models import User
from server.audit.models import Act
from server.audit.services import record
from server.core import clock
from server.disclosure.models import ExportPermit
from server.disclosure.problems import (
    BadPermit,
    NoPermit,
    NoSuchPermit,
    OwnPermit,
    PermitSettled,
)
from server.disclosure.revealing import check_reason
from server.forms import selectors as forms
from server.ledgers.definitions.ledgers import DEFINITIONS, LEDGERS
from server.ledgers.problems import NotYours
from server.ledgers.storage.rules import standing_rules
from server.submissions.models import Submission

_State: Final = ExportPermit.State


def request_permit(
    *, user: User, access: Access, kind: str, name: str, area: str, reason: str, days: int
) -> ExportPermit:
    """Ask for a permit, which is open at once if it concerns few rows. Raises BadPermit, NotYours, ReasonSaysNothing.

    Permits of the same person for the same thing that were open within the last days add
    up, so that an area is not read whole in pieces that are small enough each. Locks the user's row.
    """
    if not access.may(REVEALERS, area):
        raise NotYours
    if area and not (area.isascii() and area.isdigit() and len(area) <= 12):
        raise BadPermit(why=_("Give the area as a division's code or its leading digits."))
    check_reason(reason)
    now, today = clock.now(), clock.today()
    longest = standing_rules().number("permit_days", area, today)
    if not 1 <= days <= longest:
        raise BadPermit(
            why=_("A permit is open from 1 to {days} days; ask for no more.").format(days=longest)
        )
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        rows = _rows(access, kind, name, area)
        alone = standing_rules().number("permit_rows_alone", area, today)
        permit = ExportPermit.objects.create(
            user=user,
            kind=kind,
            name=name,
            area_code=area,
            reason=reason.strip(),
            rows=rows,
            requested_at=now,
            expires_at=now + timedelta(days=days),
            needs_consent=rows + _read_alone(user, kind, name, now, longest) > alone,
        )
        _record(Act.PERMIT_REQUESTED, permit, access, reason, rows=rows, days=days)
    return permit


def _rows(access: Access, kind: str, name: str, area: str) -> int:
    """How many rows a permit concerns. Raises BadPermit."""
    here = within([area])
    if kind == ExportPermit.Kind.FORM:
        if not forms.published(access).filter(form_id=name).exists():
            raise BadPermit(
                why=_("There is no published form {name}. Choose one of the list of forms.").format(
                    name=name[:60]
                )
            )
        return Submission.objects.filter(here, form__form_id=name).count()
    if kind == ExportPermit.Kind.LEDGER and name in LEDGERS:
        return LEDGERS[name]._default_manager.filter(here).count()
    raise BadPermit(
        why=_("Give the kind “form” with a form's ID, or “ledger” with one of: {names}.").format(
            names=", ".join(LEDGERS)
        )
    )


def _read_alone(user: User, kind: str, name: str, now: datetime, days: int) -> int:
    """The rows of the person's own permits for the same thing that needed no consent and ended lately."""
    recent = ExportPermit.objects.filter(
        user=user,
        kind=kind,
        name=name,
        needs_consent=False,
        expires_at__gt=now - timedelta(days=days),
    )
    return recent.aggregate(total=Sum("rows"))["total"] or 0


@transaction.atomic
def consent(*, number: int, user: User, access: Access) -> ExportPermit:
    """Open a permit that waits, as a second person with the same role in its area. Locks the permit's row.

    Raises NoSuchPermit, OwnPermit, PermitSettled.
    """
    permit = _waiting(number, user, access)
    permit.consented_at, permit.decided_by = clock.now(), user
    permit.save(update_fields=["consented_at", "decided_by"])
    _record(Act.PERMIT_CONSENTED, permit, access, "", rows=permit.rows)
    return permit


@transaction.atomic
def refuse(*, number: int, user: User, access: Access, note: str) -> ExportPermit:
    """Refuse a permit that waits. Locks the permit's row. Raises NoSuchPermit, OwnPermit, PermitSettled, ReasonSaysNothing."""
    check_reason(note)
    permit = _waiting(number, user, access)
    permit.refused_at, permit.decided_by, permit.note = clock.now(), user, note.strip()
    permit.save(update_fields=["refused_at", "decided_by", "note"])
    _record(Act.PERMIT_REFUSED, permit, access, note)
    return permit


@transaction.atomic
def withdraw(*, number: int, user: User, access: Access, note: str = "") -> ExportPermit:
    """End a permit, one's own or as somebody with the role in its area. Locks the permit's row.

    Raises NoSuchPermit, PermitSettled.
    """
    permit = _locked(number, access)
    if permit.state not in (_State.OPEN, _State.WAITING):
        raise PermitSettled(number=number, state=permit.state_label)
    permit.withdrawn_at, permit.withdrawn_by, permit.note = clock.now(), user, note.strip()
    permit.save(update_fields=["withdrawn_at", "withdrawn_by", "note"])
    _record(Act.PERMIT_WITHDRAWN, permit, access, note)
    return permit


def _waiting(number: int, user: User, access: Access) -> ExportPermit:
    permit = _locked(number, access)
    if permit.user_id == user.pk:
        raise OwnPermit
    if not access.may(REVEALERS, permit.area_code):
        raise NoSuchPermit(number=number)
    if permit.state is not _State.WAITING:
        raise PermitSettled(number=number, state=permit.state_label)
    return permit


def _locked(number: int, access: Access) -> ExportPermit:
    permit = permits(access).select_for_update(of=("self",)).filter(pk=number).first()
    if permit is None:
        raise NoSuchPermit(number=number)
    return permit


def _record(act: Act, permit: ExportPermit, access: Access, reason: str, **facts: object) -> None:
    record(
        act,
        actor=access,
        object_type="permit",
        object_id=permit.pk,
        area=permit.area_code,
        reason=reason,
        facts={"kind": permit.kind, "name": permit.name, **facts},
    )


def permits(access: Access) -> QuerySet[ExportPermit]:
    """The permits that the user may see, newest first: one's own, and all in areas where one may consent."""
    visible = ExportPermit.objects.filter(access.within(roles=REVEALERS))
    own = ExportPermit.objects.filter(user_id=access.user_id)
    return (visible | own).select_related("user", "decided_by", "withdrawn_by").order_by("-id")


def waiting_for(access: Access, user_id: int) -> QuerySet[ExportPermit]:
    """The permits of others that wait for the consent of this user."""
    return ExportPermit.objects.filter(
        access.within(roles=REVEALERS),
        needs_consent=True,
        consented_at=None,
        refused_at=None,
        withdrawn_at=None,
        expires_at__gt=clock.now(),
    ).exclude(user_id=user_id)


def open_permits(access: Access, kind: str, name: str) -> list[ExportPermit]:
    """The user's permits for a form or ledger that are open now, where the user still holds the role. One query."""
    rows = ExportPermit.objects.filter(user_id=access.user_id, kind=kind, name=name)
    return [
        permit
        for permit in rows.filter(expires_at__gt=clock.now())
        if permit.state is _State.OPEN and access.may(REVEALERS, permit.area_code)
    ]


def areas_of(opened: list[ExportPermit]) -> tuple[str, ...]:
    """The areas that the permits open."""
    return tuple(sorted({permit.area_code for permit in opened}))


def facts_of(opened: list[ExportPermit]) -> dict[str, object]:
    """What the record of an export says about the permits that allowed it: nothing when it was masked."""
    return {"permit": [permit.pk for permit in opened]} if opened else {}


def check_form(access: Access, form_id: str, area: str) -> ExportPermit:
    """The open permit that lets records of a form in this area out as they were received. Raises NoPermit."""
    for permit in open_permits(access, ExportPermit.Kind.FORM, form_id):
        if area.startswith(permit.area_code):
            return permit
    raise NoPermit(subject=form_id[:100])


def subjects(access: Access) -> list[tuple[str, str]]:
    """What a permit may be for: `form:ID` or `ledger:NAME` → its title, for a form to choose from."""
    offered = [
        (f"{ExportPermit.Kind.FORM}:{form.form_id}", form.title)
        for form in forms.published(access).order_by("title")
    ]
    return offered + [
        (f"{ExportPermit.Kind.LEDGER}:{ledger}", str(definition.label))
        for ledger, definition in DEFINITIONS.items()
    ]
