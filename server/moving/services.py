"""Takes over what another server or a folder has, in the order in which one thing needs the other. Safe to repeat at any time.

Forms, then their records with edits, files, review states and comments, then entity lists, then
accounts of workers. Whatever is here already is passed over, so that a run that was cut goes on
where the next run begins. What cannot be taken is reported, and the rest goes on; records that
the server refuses lie in the quarantine.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final
from uuid import UUID

from django.utils.translation import gettext as _

from server.accounts.access import Access, access_of
from server.accounts.models import User
from server.accounts.rosters import MOST as MOST_WORKERS
from server.accounts.rosters import add_roster, read_roster
from server.core import clock
from server.core.problems import Problem
from server.datasets import declaring
from server.datasets.models import Dataset, Entity
from server.datasets.selectors import property_names
from server.datasets.services import NewEntity, create_entities, update_entity
from server.forms import drafts
from server.forms.models import Form, FormVersion
from server.forms.services import publish_workbook, set_state
from server.moving.problems import SourceRefused
from server.moving.source import (
    File,
    FormSource,
    ListSource,
    OldEntity,
    OldRecord,
    OldVersion,
    Source,
)
from server.quarantine.services import receive_or_quarantine
from server.submissions.drain import drain_now
from server.submissions.models import ReviewState, Submission
from server.submissions.services import (
    NEEDS_REASON,
    IncomingFile,
    Outcome,
    Sender,
    comment,
    review,
)

Progress = Callable[[str, int], None]
"""Is told what is being taken over, and how many of it so far."""


@dataclass(slots=True)
class Report:
    """What was taken over, what was here before, and what could not be taken."""

    taken: Counter[str] = field(default_factory=Counter)
    known: Counter[str] = field(default_factory=Counter)
    refused: list[tuple[str, str]] = field(default_factory=list)  # what, and why
    sealed: list[str] = field(default_factory=list)  # records taken over that are still encrypted


def counts_of(source: Source) -> dict[str, int]:
    """How much the source has, without taking anything over. Raises SourceRefused."""
    counts: Counter[str] = Counter()
    for form in source.forms():
        counts["forms"] += 1
        counts["versions"] += sum(1 for _version in form.versions())
        counts["records"] += form.count()
    for entity_list in source.lists():
        counts["lists"] += 1
        counts["entities"] += sum(1 for _entity in entity_list.entities())
    counts["workers"] = len(source.app_users())
    return dict(counts)


def take_over(
    source: Source,
    *,
    actor: User,
    area: str,
    progress: Progress,
    sends_from: tuple[str, ...] | None = None,
) -> Report:
    """Take over everything that the source has, as this administrator; app users become workers of `area`, unless that is "".

    Records are sent from the areas `sends_from`, or from all that the administrator has. Each thing is a transaction of its own. Raises SourceRefused when the source does not answer;
    the next run goes on.
    """
    access = access_of(actor)
    taking = _Taking(
        actor, access, access.sends_from() if sends_from is None else sends_from, progress
    )
    taking.report.refused += source.faults()
    forms = list(source.forms())
    for form in forms:
        taking.versions(form)
    for form in forms:
        taking.records(form)
    drain_now()  # records make entities, and are reviewed where they lie
    if source.is_reviewed:
        for form in forms:
            taking.decisions(form)
    for entity_list in source.lists():
        taking.entities(entity_list)
    for form in forms:
        taking.state(form)
    if area:
        taking.workers(source.app_users(), area)
    drain_now()
    return taking.report


@dataclass(slots=True)
class _Taking:
    """One run."""

    actor: User
    access: Access
    sends_from: tuple[str, ...]
    progress: Progress
    report: Report = field(default_factory=Report)

    def versions(self, form: FormSource) -> None:
        """Publish the form's versions, the oldest first, offered to nobody yet; then its draft."""
        here = set(
            FormVersion.objects.filter(form__form_id=form.form_id).values_list("version", flat=True)
        )
        for version in form.versions():
            if version.version in here:
                self.report.known["versions"] += 1
                continue
            self._try(
                "versions",
                f"{form.form_id} {version.version}".strip(),
                lambda version=version: publish_workbook(  # type: ignore[misc]
                    workbook=version.workbook(),
                    filename=f"{form.form_id}.xlsx",
                    publisher=self.actor,
                    media=_contents(version.files),
                    validate=False,
                    is_offered=False,
                ),
            )
        draft = form.draft()
        if draft is not None:
            self._try("drafts", form.form_id, lambda: self._draft(form.form_id, draft))

    def _draft(self, form_id: str, draft: Any) -> None:
        known = Form.objects.filter(form_id=form_id).exists()
        drafts.save(
            workbook=draft.workbook(),
            filename=f"{form_id}.xlsx",
            form_id=form_id if known else None,
            author=self.actor,
            at=clock.now(),
        )
        for name, content in _contents(draft.files).items():
            drafts.attach(form_id=form_id, name=name, content=[content], actor=self.actor)

    def records(self, form: FormSource) -> None:
        """Receive the form's records with their edits and files, at the time at which the other server received them."""
        here = _current_versions(form.form_id)
        for number, old in enumerate(form.records(), 1):
            self.progress(form.form_id, number)
            if here.get(old.instance_id) == old.current_id:
                self.report.known["records"] += 1
                continue
            for version in old.versions():
                self._try(
                    "records",
                    f"{form.form_id} {version.instance_id}",
                    lambda version=version: self._receive(version),  # type: ignore[misc]
                )

    def _receive(self, version: OldVersion) -> bool:
        receipt = receive_or_quarantine(
            document=version.document,
            files=[_incoming(file) for file in version.files],
            sender=Sender(
                user_id=self.actor.pk,
                field_account_id=None,
                areas=self.sends_from,
                device_id=version.device_id,
                user_agent=version.user_agent,
            ),
            received_at=version.received_at,
        )
        if version.is_encrypted:
            self.report.sealed.append(version.instance_id)
        return receipt.outcome is not Outcome.RESEND

    def decisions(self, form: FormSource) -> None:
        """Give the records the review states and comments that they had, where nobody has decided or said so here."""
        here = {
            row.instance_id: row
            for row in Submission.objects.filter(form__form_id=form.form_id).prefetch_related(
                "decisions", "comments"
            )
        }
        for old in form.records():
            row = here.get(old.instance_id)
            if row is not None:
                name = f"{form.form_id} {old.instance_id}"
                self._try("comments", name, lambda old=old, row=row: self._comment(row, old))  # type: ignore[misc]
                self._try("decisions", name, lambda old=old, row=row: self._decide(row, old))  # type: ignore[misc]

    def _comment(self, row: Submission, old: OldRecord) -> bool:
        bodies_here = {known.body for known in row.comments.all()}
        new = [known for known in old.comments() if known.body.strip() not in bodies_here]
        for item in new:
            comment(
                submission=row, body=item.body, author=self.actor, access=self.access, at=item.at
            )
        return bool(new)

    def _decide(self, row: Submission, old: OldRecord) -> bool:
        if not old.state or row.decisions.all():
            return False
        reason = _("as decided on the server before") if old.state in _NEED_REASON else ""
        review(
            submission=row,
            state=old.state,
            reason=reason,
            reviewer=self.actor,
            access=self.access,
            at=clock.now(),
        )
        return True

    def entities(self, old: ListSource) -> None:
        """Make the list with its properties, and its entities with their versions; of those that records made, bring the last state."""
        dataset = Dataset.objects.filter(name=old.name).first()
        if dataset is None:
            dataset = self._try("lists", old.name, lambda: self._list(old))
        if not isinstance(dataset, Dataset):
            return
        for name in sorted(set(old.properties()) - set(property_names(dataset))):
            self._try(
                "properties",
                f"{old.name}.{name}",
                lambda name=name: declaring.add_property(  # type: ignore[misc]
                    dataset=dataset, name=name, actor=self.actor, at=clock.now()
                ),
            )
        here = {entity.uuid: entity for entity in Entity.objects.filter(dataset=dataset)}
        for number, entity in enumerate(old.entities(), 1):
            self.progress(old.name, number)
            self._try(
                "entities",
                f"{old.name} {entity.uuid}",
                lambda entity=entity: self._entity(dataset, entity, here),  # type: ignore[misc]
            )

    def _list(self, old: ListSource) -> Dataset:
        return declaring.create_list(
            name=old.name, needs_approval=old.needs_approval, actor=self.actor, at=clock.now()
        )

    def _entity(self, dataset: Dataset, old: OldEntity, here: Mapping[UUID, Entity]) -> bool:
        uuid, known = UUID(old.uuid), here.get(UUID(old.uuid))
        acting: dict[str, Any] = {"actor": self.actor, "access": self.access}
        if known is not None:
            label, values, at = old.versions[-1]
            is_same = known.label == label and values.items() <= known.values.items()
            if known.gone_as or is_same:
                return False
            update_entity(
                dataset=dataset, uuid=uuid, label=label, values=values, base_version=None,
                at=at, **acting,
            )  # fmt: skip
            return True
        (label, values, at), *later = old.versions
        create_entities(
            dataset=dataset, new=[NewEntity(label, values, uuid)], at=at, source="", **acting
        )
        for label, values, at in later:
            update_entity(
                dataset=dataset, uuid=uuid, label=label, values=values, base_version=None,
                at=at, **acting,
            )  # fmt: skip
        return True

    def state(self, form: FormSource) -> None:
        """Close the form as it was closed there."""
        here = Form.objects.filter(form_id=form.form_id).first()
        if here is not None and form.state != here.state:
            state = Form.State(form.state)
            self._try(
                "states",
                form.form_id,
                lambda: set_state(form_id=form.form_id, state=state, actor=self.actor),
            )

    def workers(self, names: Iterable[str], area: str) -> None:
        """Make a worker of each app user whose name no worker of the area has; codes are printed in the console."""
        there = User.objects.filter(grants__area__startswith=area).values_list("name", flat=True)
        missing = sorted({" ".join(name.split()) for name in names} - set(there))
        places = {area: {area}}
        waiting = iter(missing)
        while some := list(islice(waiting, MOST_WORKERS)):
            text = "\n".join(f"{name.replace(',', ' ')}\t{area}" for name in some)
            added = self._try(
                "rosters",
                area,
                lambda text=text: add_roster(read_roster(text, places), self.actor),  # type: ignore[misc]
            )
            self.report.taken["workers"] += len(added) if isinstance(added, list) else 0

    def _try(self, what: str, name: str, act: Callable[[], Any]) -> Any:
        """Do one thing and count it; what is refused is noted. An act that gives False has changed nothing.

        Raises SourceRefused unless the source only has no such thing.
        """
        try:
            result = act()
        except SourceRefused as problem:
            if not problem.is_absent:
                raise
            self.report.refused.append((name, str(problem)))
            return None
        except Problem as problem:
            self.report.refused.append((name, f"{problem.title}: {problem}"))
            return None
        counted = self.report.known if result is False else self.report.taken
        counted[what] += 1
        return result


_NEED_REASON: Final = {str(state) for state in NEEDS_REASON} & set(ReviewState.values)


def _contents(files: Iterable[File]) -> dict[str, bytes]:
    return {file.name: file.read() for file in files}


def _incoming(file: File) -> IncomingFile:
    return IncomingFile(file.name, file.media_type, lambda: [file.read()])


def _current_versions(form_id: str) -> dict[str, str]:
    """instanceID of a record → instanceID of the version that counts here."""
    rows = Submission.objects.filter(form__form_id=form_id, current_version__isnull=False)
    return dict(rows.values_list("instance_id", "current_version__instance_id"))
