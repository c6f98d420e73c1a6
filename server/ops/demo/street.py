"""Makes the demo street: the one part of the demo that writes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any, Final

from server.accounts.access import access_of
from server.accounts.models import FieldAccount, User
from server.core import clock
from server.forms.models import FormVersion
from server.geo.models import Boundary
from server.geo.services import import_divisions
from server.ledgers.entity_lists.lists import community_uuid
from server.ledgers.models import (
    AssistanceCase,
    Employer,
    Household,
    LedgerException,
    Person,
    Vacancy,
    Visit,
)
from server.ops.demo import answers, boundaries, defects, logins, photos
from server.ops.demo.answers import Subject
from server.ops.demo.instances import Template
from server.ops.demo.logins import Login
from server.ops.demo.plan import Calendar, Plan, Sending
from server.ops.demo.population import population
from server.quarantine.services import receive_or_quarantine
from server.submissions.drain import process_batch
from server.submissions.models import ReviewState, Submission, Waiting
from server.submissions.services import IncomingFile, Sender, review

FORMS: Final = ("household_survey", "employer_survey", "home_visit")
DEVICE: Final = "collect:demo-street"
_MARK: Final = "demo street "  # begins the boundaries' source, which keeps the parameters
_CLOSED: Final = "9"  # ST4

Progress = Callable[[str, int, int], None]
"""progress(what, done, of)"""


class FormsMissing(Exception):
    """The demo's forms are not published; the message names them."""


class OtherDivisions(Exception):
    """There is a street of that code already which is not the demo's."""


@dataclass(frozen=True, slots=True)
class Size:
    """What a demo is made of; the same size and end day give the same demo."""

    communities: int = 3
    households: int = 600
    quarters: int = 2
    seed: int = 1
    until: str = field(default_factory=lambda: clock.today().isoformat())
    """Everything happened before this day."""


@dataclass(slots=True)
class Result:
    size: Size
    was_there: bool = False
    logins: list[Login] = field(default_factory=list)
    defects: dict[str, int] = field(default_factory=dict)
    ledgers: dict[str, int] = field(default_factory=dict)


def make(size: Size, progress: Progress) -> Result:
    """Build the street, or finish one that was interrupted; nothing when it is there already.

    Every submission goes through the accept path and is drained in this process. What was
    sent before an interruption is sent again and recognised as the same.
    Raises FormsMissing, OtherDivisions.
    """
    begun = _begun()
    if begun is not None and _is_finished():
        return Result(begun, was_there=True, ledgers=_ledgers())
    size = begun or size
    templates = _templates()
    calendar = Calendar(until=date.fromisoformat(size.until), quarters=size.quarters)
    street = boundaries.street(
        seed=size.seed,
        communities=size.communities,
        recoded_on=calendar.recoded_on,
        moved=defects.moved_codes(size.communities),
    )
    _draw(street, size)
    accounts = logins.workers(street.communities)
    people = population(
        seed=size.seed,
        communities=street.communities,
        households=size.households,
        on=calendar.begins,
    )
    seeded = defects.seed_persons(
        Random(f"defects {size.seed}"),  # noqa: S311 a demo must repeat itself
        people,
        calendar.begins,
    )
    plan = Plan(
        seed=size.seed,
        street=street,
        people=people,
        calendar=calendar,
        workers={one.code: logins.worker_of(one) for one in street.communities},
        list_uuid=community_uuid,
    )
    phones = _Phones(templates, accounts, size.seed)
    phones.send(plan.census(), progress)
    drain_all(progress)
    phones.send(plan.later(_subjects()), progress)
    drain_all(progress)
    people_there = logins.hand_out(street.communities)
    _decide(size.seed, {login.username for login in people_there})
    drain_all(progress)
    moved = sum(bool(one.former_code) for one in street.communities)
    return Result(
        size,
        logins=people_there,
        defects={**seeded.counts, **plan.counts, "new_codes": moved},
        ledgers=_ledgers(),
    )


def drain_all(progress: Progress) -> None:
    """Let the ledgers catch up with everything that waits, in this process."""
    total = Waiting.objects.count()
    while (left := Waiting.objects.count()) > 0:
        progress("ledgers", total - left, total)
        if process_batch() == 0:
            break  # what is left, another worker has in its hands
    progress("ledgers", total, total)


class _Phones:
    """The workers' phones: fill in the forms and send them."""

    def __init__(
        self, templates: dict[str, Template], accounts: dict[str, FieldAccount], seed: int
    ) -> None:
        self.templates, self.seed = templates, seed
        self.senders = {
            account.user.username: Sender(
                user_id=account.user_id,
                field_account_id=account.pk,
                areas=(code,),
                device_id=DEVICE,
                user_agent="org.odk.collect.android/v2026.2.1 (demo)",
            )
            for code, account in accounts.items()
        }

    def send(self, sendings: Sequence[Sending], progress: Progress) -> None:
        for number, sending in enumerate(sendings):
            if number % 20 == 0:
                progress("submissions", number, len(sendings))
            receive_or_quarantine(
                document=self._document(sending),
                files=list(_files(sending)),
                sender=self.senders[sending.knock.worker],
                received_at=sending.received_at,
            )
        progress("submissions", len(sendings), len(sendings))

    def _document(self, sending: Sending) -> bytes:
        rng = Random(f"{self.seed} {sending.instance_id}")  # noqa: S311 a demo must repeat itself
        return self.templates[sending.form_id].fill(
            sending.say(rng),
            instance_id=sending.instance_id,
            instance_name=answers.instance_name(sending.form_id, sending.place, sending.knock.at),
        )


def _files(sending: Sending) -> Iterable[IncomingFile]:
    name = sending.knock.photo
    if name:
        picture = photos.door(int(name.removesuffix(".jpg")))
        yield IncomingFile(name, "image/jpeg", lambda: [picture])


def _decide(seed: int, present: set[str]) -> None:
    """The street's desk has looked at some of it: approved most, asked back or rejected a few."""
    if logins.REVIEWER not in present:
        return
    reviewer = User.objects.get(username=logins.REVIEWER)
    access = access_of(reviewer)
    rng = Random(f"desk {seed}")  # noqa: S311 a demo must repeat itself
    for form_id, state, share, reason in (
        ("household_survey", ReviewState.APPROVED, 0.06, ""),
        ("household_survey", ReviewState.HAS_ISSUES, 0.005, "请核对户主证件号码"),
        ("home_visit", ReviewState.REJECTED, 0.01, "定位与住址不符，请重新走访"),
    ):
        received = Submission.objects.filter(
            form__form_id=form_id,
            current_version__device_id=DEVICE,
            review_state=ReviewState.RECEIVED,
        ).order_by("instance_id")
        for submission in defects.some(rng, list(received), share):
            review(
                submission=submission,
                state=state,
                reason=reason,
                reviewer=reviewer,
                access=access,
                at=submission.received_at + timedelta(hours=15),
            )


def _templates() -> dict[str, Template]:
    versions = FormVersion.objects.filter(current_of__form_id__in=FORMS).select_related("form")
    found = {one.form.form_id: Template(bytes(one.xform)) for one in versions}
    missing = [form_id for form_id in FORMS if form_id not in found]
    if missing:
        raise FormsMissing(", ".join(missing))
    return found


def _draw(street: boundaries.Street, size: Size) -> None:
    others = Boundary.objects.filter(division__code__startswith=boundaries.STREET).exclude(
        source__startswith=_MARK
    )
    if others.exists():
        raise OtherDivisions(boundaries.STREET)
    import_divisions(street.feature_collection(), source=_MARK + json.dumps(asdict(size)))


def _begun() -> Size | None:
    """The size of a demo that was begun here, kept as its boundaries' source."""
    source = (
        Boundary.objects.filter(source__startswith=_MARK).values_list("source", flat=True).first()
    )
    return None if source is None else Size(**json.loads(source.removeprefix(_MARK)))


def _is_finished() -> bool:
    """Log-ins are handed out last."""
    return User.objects.filter(
        field_accounts__label=logins.HANDED_OUT, field_accounts__revoked_at=None
    ).exists()


def _subjects() -> list[Subject]:
    """The open cases as the workers' lists show them, in an order that does not depend on the keys."""
    cases = (
        AssistanceCase.objects.exclude(state=_CLOSED)
        .filter(area_code__startswith=boundaries.STREET)
        .select_related("subject_person__household", "subject_household")
    )
    found = []
    for case in cases:
        home: Household | None = case.subject_household or (
            case.subject_person.household if case.subject_person else None
        )
        if home is not None:
            name = case.subject_person.name if case.subject_person else ""
            found.append((home.id, name, case, home))
    found.sort(key=lambda row: row[:2])
    return [
        Subject(
            case=case.id,
            person=case.subject_person_id,
            household=home.id,
            address=f"{home.address}{home.building}{home.room}",
            place=(home.loc.x, home.loc.y) if home.loc else None,
        )
        for _id, _name, case, home in found
    ]


def _ledgers() -> dict[str, Any]:
    return {
        "submissions": Submission.objects.count(),
        "households": Household.objects.count(),
        "persons": Person.objects.count(),
        "employers": Employer.objects.count(),
        "vacancies": Vacancy.objects.count(),
        "cases": AssistanceCase.objects.count(),
        "visits": Visit.objects.count(),
        "exceptions": LedgerException.objects.filter(resolved_at=None).count(),
    }
