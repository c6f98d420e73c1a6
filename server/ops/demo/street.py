"""Makes the demo street: submits the planned records and drains the queue in this process."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any, Final
from uuid import UUID

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
from server.ledgers.storage.fragments import IS_OPEN
from server.ops.demo import answers, boundaries, defects, logins, photos, services
from server.ops.demo.answers import Listed, Subject
from server.ops.demo.instances import Template
from server.ops.demo.jobs import publish_vacancies, suggest_vacancies
from server.ops.demo.logins import Login
from server.ops.demo.plan import Calendar, Plan, PlannedSubmission
from server.ops.demo.population import population
from server.ops.demo.services import Stock
from server.quarantine.services import receive_or_quarantine
from server.submissions.drain import process_batch
from server.submissions.models import ReviewState, Submission, Waiting
from server.submissions.services import IncomingFile, Sender, review

FORMS: Final = (
    "household_survey",
    "employer_survey",
    "home_visit",
    "quick_change",
    "job_offer",
    "retiree_visit",
    "service_application",
    "petition_consult",
    "vacancy_update",
)
DEVICE: Final = "collect:demo-street"
_SOURCE_PREFIX: Final = "demo street "  # of the boundaries' source; the size follows as JSON

Progress = Callable[[str, int, int], None]
"""progress(stage, done, total); stage is "submissions" or "ledgers"."""


class FormsMissing(Exception):
    """Some of the demo's forms are not published; the message names them."""


class OtherDivisions(Exception):
    """The street's division code already has boundaries that are not the demo's."""


@dataclass(frozen=True, slots=True)
class Size:
    """The parameters of a demo; equal parameters give equal demos."""

    communities: int = 3
    households: int = 600
    quarters: int = 2
    seed: int = 1
    until: str = field(default_factory=lambda: clock.today().isoformat())
    """ISO date: everything happened before this day."""


@dataclass(slots=True)
class Result:
    """What `make` did: log-ins with passwords, number of defects put in, number of rows by kind."""

    size: Size
    already_existed: bool = False
    logins: list[Login] = field(default_factory=list)
    defects: dict[str, int] = field(default_factory=dict)
    ledgers: dict[str, int] = field(default_factory=dict)


def make(size: Size, progress: Progress) -> Result:
    """Build the street, or finish an interrupted one; a finished one is left as it is.

    Every submission goes through the accept path and is drained in this process, in many
    transactions. Submissions sent before an interruption are sent again and recognised as
    the same. Raises FormsMissing, OtherDivisions.
    """
    begun = _begun_size()
    if begun is not None and _is_finished():
        return Result(begun, already_existed=True, ledgers=_ledgers())
    size = begun or size
    templates = _templates()
    calendar = Calendar(until=date.fromisoformat(size.until), quarters=size.quarters)
    street = boundaries.street(
        seed=size.seed,
        communities=size.communities,
        recoded_on=calendar.recoded_on,
        moved=defects.moved_codes(size.communities),
    )
    _import_boundaries(street, size)
    accounts = logins.workers(street.communities)
    people = population(
        seed=size.seed,
        communities=street.communities,
        households=size.households,
        on=calendar.begins,
    )
    person_defects = defects.add_person_defects(
        Random(f"defects {size.seed}"),  # noqa: S311 a demo must repeat itself
        people,
        calendar.begins,
    )
    plan = Plan(
        seed=size.seed,
        street=street,
        people=people,
        calendar=calendar,
        workers={community.code: logins.worker_of(community) for community in street.communities},
        list_uuid=community_uuid,
    )
    areas = {item.code: logins.areas_of(item) for item in street.communities}
    phones = _Phones(templates, accounts, areas, size.seed)
    phones.send(plan.census(), progress)
    drain_all(progress)
    phones.send(plan.later(_subjects(), _listed()), progress)
    drain_all(progress)
    phones.send(plan.services(_subjects(), _listed(), _stock()), progress)
    drain_all(progress)
    handed_out = logins.hand_out(street.communities)
    _decide(size.seed, {login.username for login in handed_out})
    drain_all(progress)
    publish_vacancies(size.seed, {login.username for login in handed_out})
    suggest_vacancies({login.username for login in handed_out})
    recoded = sum(bool(community.former_code) for community in street.communities)
    return Result(
        size,
        logins=handed_out,
        defects={**person_defects.counts, **plan.counts, "new_codes": recoded},
        ledgers=_ledgers(),
    )


def drain_all(progress: Progress) -> None:
    """Process all waiting submissions in this process, so that the ledgers are up to date."""
    total = Waiting.objects.count()
    while (left := Waiting.objects.count()) > 0:
        progress("ledgers", total - left, total)
        if process_batch() == 0:
            break  # another worker has locked the rest
    progress("ledgers", total, total)


class _Phones:
    """The workers' phones: they fill in the forms and submit them."""

    def __init__(
        self,
        templates: dict[str, Template],
        accounts: dict[str, FieldAccount],
        areas: Mapping[str, tuple[str, ...]],
        seed: int,
    ) -> None:
        self.templates, self.seed = templates, seed
        self.senders = {
            account.user.username: Sender(
                user_id=account.user_id,
                field_account_id=account.pk,
                areas=areas[code],
                device_id=DEVICE,
                user_agent="org.odk.collect.android/v2026.2.1 (demo)",
            )
            for code, account in accounts.items()
        }

    def send(self, submissions: Sequence[PlannedSubmission], progress: Progress) -> None:
        """Submit them in order, each in a transaction of its own."""
        for number, submission in enumerate(submissions):
            if number % 20 == 0:
                progress("submissions", number, len(submissions))
            receive_or_quarantine(
                document=self._document(submission),
                files=list(_files(submission)),
                sender=self.senders[submission.visit.worker],
                received_at=submission.received_at,
            )
        progress("submissions", len(submissions), len(submissions))

    def _document(self, submission: PlannedSubmission) -> bytes:
        rng = Random(f"{self.seed} {submission.instance_id}")  # noqa: S311 a demo must repeat itself
        return self.templates[submission.form_id].fill(
            submission.fill_in(rng),
            instance_id=submission.instance_id,
            instance_name=answers.instance_name(
                submission.form_id, submission.place, submission.visit.at
            ),
        )


def _files(submission: PlannedSubmission) -> Iterable[IncomingFile]:
    name = submission.visit.photo
    if name:
        yield IncomingFile(name, "image/jpeg", lambda: [photos.picture(name)])


def _decide(seed: int, usernames: set[str]) -> None:
    """Give some submissions a review state in the name of the street's reviewer, if `usernames` has them."""
    if logins.REVIEWER not in usernames:
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
        for submission in defects.sample(rng, list(received), share):
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
    templates = {version.form.form_id: Template(bytes(version.xform)) for version in versions}
    missing = [form_id for form_id in FORMS if form_id not in templates]
    if missing:
        raise FormsMissing(", ".join(missing))
    return templates


def _import_boundaries(street: boundaries.Street, size: Size) -> None:
    """Import the divisions; raises OtherDivisions when the street has other boundaries."""
    others = Boundary.objects.filter(division__code__startswith=boundaries.STREET).exclude(
        source__startswith=_SOURCE_PREFIX
    )
    if others.exists():
        raise OtherDivisions(boundaries.STREET)
    import_divisions(street.feature_collection(), source=_SOURCE_PREFIX + json.dumps(asdict(size)))


def _begun_size() -> Size | None:
    """The size of the demo begun in this database, read from the source of its boundaries; else None."""
    source = (
        Boundary.objects.filter(source__startswith=_SOURCE_PREFIX)
        .values_list("source", flat=True)
        .first()
    )
    return None if source is None else Size(**json.loads(source.removeprefix(_SOURCE_PREFIX)))


def _is_finished() -> bool:
    """Whether the last step, handing out the log-ins, was done."""
    return User.objects.filter(
        field_accounts__label=logins.LEAFLETS, field_accounts__revoked_at=None
    ).exists()


def _subjects() -> list[Subject]:
    """The open cases as the workers' lists have them, ordered by household and name, not by key."""
    cases = (
        AssistanceCase.objects.filter(IS_OPEN)
        .filter(area_code__startswith=boundaries.STREET)
        .select_related("subject_person__household", "subject_household")
    )
    rows = []
    for case in cases:
        home: Household | None = case.subject_household or (
            case.subject_person.household if case.subject_person else None
        )
        if home is not None:
            name = case.subject_person.name if case.subject_person else ""
            rows.append((home.id, name, case, home))
    rows.sort(key=lambda row: row[:2])
    return [
        Subject(
            case=case.id,
            person=case.subject_person_id,
            household=home.id,
            address=f"{home.address}{home.building}{home.room}",
            place=(home.loc.x, home.loc.y) if home.loc else None,
        )
        for _id, _name, case, home in rows
    ]


def _listed() -> list[Listed]:
    """Persons of working age as the workers' lists have them, ordered by household and name, not by key."""
    people = (
        Person.objects.filter(area_code__startswith=boundaries.STREET, household__isnull=False)
        .exclude(emp_status=None)
        .select_related("household")
        .order_by("household_id", "name", "birth_date")
    )
    return [
        Listed(
            person=person.id,
            household=person.household.id,
            place=f"{person.household.building}{person.household.room}",
            emp_status=person.emp_status or "",
        )
        for person in people
        if person.household is not None
    ]


def _stock() -> Stock:
    """What the workers' lists have beside cases and persons, in an order that repeats itself."""
    lasting = Vacancy.objects.filter(area_code__startswith=boundaries.STREET)
    vacancies: dict[str, list[UUID]] = defaultdict(list)
    for item in lasting.order_by("-expires_on", "title", "employer__name"):
        if len(vacancies[item.area_code]) < services.VACANCIES:
            vacancies[item.area_code].append(item.id)
    return Stock(vacancies)


def _ledgers() -> dict[str, Any]:
    """The number of rows by kind."""
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
