"""A small survey and a small visit form, filled in by code, and submissions of them stored as received."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

_NAMESPACE = UUID("6a1b6c1e-58a1-4d0b-8c11-6a7c2f1d9e00")
COMMUNITY = "440106003001"

PERSON_COLUMNS = {
    "name": "name",
    "former_name": "name",
    "id_type": "code:ID",
    "id_no": "id_no",
    "sex": "code:SEX",
    "birth_date": "date",
    "birth_is_lunar": "boolean",
    "relation": "code:REL",
    "residence_kind": "code:RK",
    "hukou_type": "code:HK",
    "edu": "code:EDU",
    "health": "code:HL",
    "disability": "codes:DIS",
    "wish_job": "codes:OCC",
    "phone": "phone",
    "skills": "text",
    "work_capacity": "code:WC",
    "job_willing": "boolean",
    "emp_status": "code:ES",
    "person_status": "code:PS",
    "death_date": "date",
    "spell.start_on": "date",
    "spell.unemp_date": "date",
    "spell.unemp_reason": "code:UR",
    "spell.employer_name": "name",
    "spell.emp_form": "code:EF",
}
_HOUSEHOLD = {
    "address": "text",
    "building": "text",
    "room": "text",
    "loc": "point:loc_accuracy",
    "dibao_status": "code:DB",
    "other_income": "boolean",
    "poor_rural": "boolean",
    "land_lost_share": "code:LL",
    "hardship": "codes:HS",
    "kind": "code:HHK",
}
_VISIT = {
    "purpose": "code:VP",
    "mode": "code:VM",
    "outcome": "code:VO",
    "services": "codes:SV",
    "next_visit_on": "date",
}
_HEAD = {
    "area_code": "/data/community",
    "observed_at": "/data/visited_at",
    "met_whom": "/data/met_whom",
}


def questions_at(at: str, record: int, columns: Mapping[str, str]) -> dict[str, list[list[Any]]]:
    questions = {}
    for column, spec in columns.items():
        conversion, _, extra = spec.partition(":")
        tag = column.replace(".", "__")
        questions[f"{at}/{tag}"] = [[record, column, conversion, extra]]
    return questions


def form_mapping(records: list[dict[str, Any]], questions: dict[str, Any]) -> dict[str, Any]:
    body = {
        "format": 1,
        "root": "data",
        "head": _HEAD,
        "repeats": ["/data/members"],
        "records": records,
        "questions": questions,
    }
    return {**body, "digest": hashlib.sha256(repr(body).encode()).hexdigest()}


SURVEY = form_mapping(
    [
        {"ledger": "household", "at": "/data", "repeat": False, "keys": ["id"], "links": {}},
        {
            "ledger": "person",
            "at": "/data/members",
            "repeat": True,
            "keys": ["id", "id_no"],
            "links": {"member_of": 0},
        },
        {
            "ledger": "visit",
            "at": "/data",
            "repeat": False,
            "keys": ["instance"],
            "links": {"household": 0},
        },
    ],
    {
        "/data/household_id": [[0, "id", "entry_id", ""]],
        "/data/members/person_id": [[1, "id", "entry_id", ""]],
        **questions_at("/data/household", 0, _HOUSEHOLD),
        **questions_at("/data/members", 1, PERSON_COLUMNS),
        **questions_at("/data/visit", 2, _VISIT),
        "/data/household/loc": [[0, "loc", "point", "loc_accuracy"], [2, "loc", "point", ""]],
    },
)


def by_name_at_home(mapping: Mapping[str, Any]) -> dict[str, Any]:
    """The survey as household_survey has it: a member without a number is known by household, name and birth, too."""
    household, person, visit = mapping["records"]
    keys = [*person["keys"], "member_of+name+birth_date"]
    return form_mapping([household, {**person, "keys": keys}, visit], mapping["questions"])


HOME_VISIT = form_mapping(
    [
        {"ledger": "person", "at": "/data", "repeat": False, "keys": ["id"], "links": {}},
        {"ledger": "household", "at": "/data", "repeat": False, "keys": ["id"], "links": {}},
        {
            "ledger": "visit",
            "at": "/data",
            "repeat": False,
            "keys": ["instance"],
            "links": {"person": 0, "household": 1},
        },
    ],
    {
        "/data/person_id": [[0, "id", "entry_id", ""]],
        "/data/household_id": [[1, "id", "entry_id", ""]],
        **questions_at("/data/person", 0, PERSON_COLUMNS),
        **questions_at("/data/visit", 2, {**_VISIT, "loc": "point"}),
    },
)
EMPLOYER = form_mapping(
    [
        {"ledger": "employer", "at": "/data", "repeat": False, "keys": ["id", "uscc"], "links": {}},
        {
            "ledger": "vacancy",
            "at": "/data/members",
            "repeat": True,
            "keys": ["id", "employer+title"],
            "links": {"employer": 0},
        },
        {
            "ledger": "visit",
            "at": "/data",
            "repeat": False,
            "keys": ["instance"],
            "links": {"employer": 0},
        },
    ],
    {
        "/data/employer_id": [[0, "id", "entry_id", ""]],
        **questions_at(
            "/data/household",
            0,
            {"name": "name", "uscc": "uscc", "org_code": "text", "n_staff": "integer"}
            | {"address": "text", "phone": "phone"},
        ),
        **questions_at(
            "/data/members",
            1,
            {"title": "name", "n_wanted": "integer", "wage_min": "decimal", "expires_on": "date"},
        ),
        **questions_at("/data/visit", 2, _VISIT),
    },
)
OFFER = form_mapping(
    [
        {"ledger": "person", "at": "/data", "repeat": False, "keys": ["id"], "links": {}},
        {"ledger": "vacancy", "at": "/data/members", "repeat": True, "keys": ["id"], "links": {}},
        {
            "ledger": "offer",
            "at": "/data/members",
            "repeat": True,
            "keys": ["person+vacancy+offered_on"],
            "links": {"person": 0, "vacancy": 1},
        },
    ],
    {
        "/data/person_id": [[0, "id", "entry_id", ""]],
        "/data/members/vacancy_id": [[1, "id", "entry_id", ""]],
        **questions_at(
            "/data/members",
            2,
            {
                "offered_on": "date",
                "channel": "code:CH",
                "response": "code:OR",
                "refuse_reason": "code:RR",
            },
        ),
    },
)
PETITION = form_mapping(
    [{"ledger": "petition", "at": "/data", "repeat": False, "keys": ["instance"], "links": {}}],
    questions_at(
        "/data/visit",
        0,
        {
            "received_on": "date",
            "topic": "code:PT",
            "content": "text",
            "n_people": "integer",
            "person_name": "name",
        },
    ),
)
FORMS = {
    "survey": SURVEY,
    "survey_by_name": by_name_at_home(SURVEY),
    "home_visit": HOME_VISIT,
    "employer": EMPLOYER,
    "offer": OFFER,
    "petition": PETITION,
}


def uuid_of(name: str) -> str:
    return str(uuid5(_NAMESPACE, name))


def id_number(birth: str, order: int) -> str:
    """A test ID number (prefix 4499xx) with a valid check digit; odd orders are men."""
    body = f"449901{birth.replace('-', '')}{order:03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(int(digit) * weight for digit, weight in zip(body, weights, strict=True))
    return body + "10X98765432"[total % 11]


def credit_code(number: int) -> str:
    """A unified social credit code with a valid check character."""
    from server.ledgers.definitions.normalise import uscc_check_character

    body = f"91110000{number:09d}"
    return body + uscc_check_character(body)


@dataclass
class Filled:
    """A filled-in form, before it is XML."""

    form: str = "survey"
    visited_at: str = "2026-03-02T09:00:00+08:00"
    met_whom: str = "1"
    community: str = COMMUNITY
    household_id: str = ""
    person_id: str = ""
    employer_id: str = ""
    household: dict[str, Any] = field(default_factory=dict)
    person: dict[str, Any] = field(default_factory=dict)
    members: list[dict[str, Any]] = field(default_factory=list)
    visit: dict[str, Any] = field(default_factory=lambda: {"outcome": "1", "mode": "1"})

    def xml(self, instance_id: str) -> bytes:
        def tags(values: Mapping[str, Any]) -> str:
            return "".join(
                f"<{name.replace('.', '__')}>{value}</{name.replace('.', '__')}>"
                for name, value in values.items()
                if value not in (None, "")
            )

        own = tags(
            {
                name: getattr(self, name)
                for name in (
                    "community",
                    "visited_at",
                    "met_whom",
                    "household_id",
                    "person_id",
                    "employer_id",
                )
            }
        )
        groups = "".join(
            f"<{name}>{tags(getattr(self, name))}</{name}>"
            for name in ("household", "person", "visit")
        )
        members = "".join(f"<members>{tags(one)}</members>" for one in self.members)
        meta = f"<meta><instanceID>{instance_id}</instanceID></meta>"
        return f'<data id="ledger_{self.form}" version="1">{own}{groups}{members}{meta}</data>'.encode()


def member(name: str = "陈一", **values: Any) -> dict[str, Any]:
    """A roster line; `key` names a person without an ID number across documents."""
    key = values.pop("key", None)
    line = {"name": name, "relation": "0", "residence_kind": "1", **values}
    return {"person_id": uuid_of(key), **line} if key else line


def source_of(
    filled: Filled,
    number: int,
    *,
    review_state: str = "received",
    edition: int = 0,
    received_at: datetime | None = None,
) -> Any:
    """The filled form as a source of contributions, without a database."""
    from server.core.sealing import seal_document
    from server.ledgers.intake.contribute import Source

    observed = datetime.fromisoformat(filled.visited_at).astimezone(UTC)
    received = received_at or observed + timedelta(hours=9)
    instance_id = f"uuid:{uuid_of(f'{number}/{edition}')}"
    return Source(
        submission_id=number,
        version_id=number * 10 + edition,
        form_version_id=list(FORMS).index(filled.form) + 1,
        instance_id=instance_id,
        received_at=received,
        version_received_at=received + timedelta(days=edition),
        observed_at=observed,
        submitter_id=1,
        review_state=review_state,
        area_code=filled.community,
        flags=(),
        document=seal_document(filled.xml(instance_id)),
    )


def contributions_of_form(filled: Filled, number: int, **how: Any) -> list[Any]:
    """The contributions of a filled form, without a database."""
    from server.ledgers.intake.contribute import contributions_of

    return contributions_of(source_of(filled, number, **how), FORMS[filled.form])


def make_versions(forms: Mapping[str, Any] = FORMS) -> dict[str, Any]:
    """Published versions of the forms, by hand."""
    from server.forms.models import Form, FormVersion

    made = {}
    for name, mapping in forms.items():
        form = Form.objects.create(form_id=f"ledger_{name}", title=name)
        made[name] = FormVersion.objects.create(
            form=form,
            version="1",
            title=name,
            xform=name.encode(),
            md5="0" * 32,
            workbook_sha256=b"0" * 32,
            mapping=mapping,
            questions={"items": [], "choices": {}},
        )
    return made


def store(
    filled: Filled,
    *,
    version: Any,
    submitter: Any,
    instance_id: str,
    received_at: datetime | None = None,
    submission: Any = None,
) -> Any:
    """A submission as receiving leaves it, or an edit of one; not merged yet."""
    from server.core.sealing import seal_document
    from server.submissions.models import Submission, SubmissionVersion
    from server.submissions.services.approving import let_approved_stand

    document = filled.xml(instance_id)
    observed = datetime.fromisoformat(filled.visited_at)
    received = received_at or observed + timedelta(hours=9)
    is_new = submission is None
    if is_new:
        submission = Submission.objects.create(
            form=version.form,
            instance_id=instance_id,
            submitter=submitter,
            received_at=received,
            observed_at=observed,
            area_code=filled.community,
        )
    edition = SubmissionVersion.objects.create(
        submission=submission,
        form=version.form,
        form_version=version,
        instance_id=instance_id,
        deprecated_id="" if is_new else submission.current_version.instance_id,
        sha256=hashlib.sha256(document).digest(),
        document=seal_document(document),
        size=len(document),
        received_at=received,
        submitter=submitter,
    )
    if not is_new:
        let_approved_stand(submission, submission.current_version)
        submission.review_state = "edited"
    submission.current_version = edition
    submission.observed_at = observed
    submission.area_code = filled.community
    submission.save()
    return submission


def street(number: int, members: Sequence[dict[str, Any]]) -> Filled:
    """A surveyed household with these members."""
    return Filled(
        household_id=uuid_of(f"household {number}"),
        household={"address": f"示范路{number}号", "loc": "23.1301 113.3501 0 8"},
        members=list(members),
    )
