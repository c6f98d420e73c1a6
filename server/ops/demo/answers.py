"""The answers of each demo submission, by question name. Pure.

Follows the questions of xlsforms/. No form engine runs on the server, so values that a form
calculates on the phone are calculated here in the same way.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any, Final
from uuid import UUID

from server.core.clock import OFFICE
from server.ops.demo.population import EMPLOYED, UNEMPLOYED, Firm, Home, Member

CENSUS, QUARTERLY, LINKED, FOLLOW_UP = "1", "2", "3", "7"  # codes of VP
DONE, NO_ONE_HOME, REFUSED, MOVED, DECEASED = "1", "3", "4", "6", "7"  # codes of VO

_LABELS: Final = {
    "household_survey": "入户", "employer_survey": "单位",
    "home_visit": "家访", "quick_change": "变动", "job_offer": "送岗",
    "retiree_visit": "退休", "service_application": "申请",
    "petition_consult": "信访", "vacancy_update": "空岗",
}  # fmt: skip

Answers = dict[str, Any]


@dataclass(frozen=True, slots=True)
class DoorVisit:
    """A visit to a household or employer: when, where, by whom, how it ended."""

    at: datetime
    community_code: str
    community_uuid: UUID  # its entity in the communities list
    worker: str
    fix: tuple[float, float] | None  # longitude, latitude by GPS
    accuracy: float  # metres
    outcome: str = DONE
    met_whom: str = "1"
    photo: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """An open assistance case as the phone's list of cases has it."""

    case: UUID
    person: UUID | None
    household: UUID
    address: str
    place: tuple[float, float] | None  # longitude, latitude; None when the survey had no GPS


@dataclass(frozen=True, slots=True)
class Change:
    """A change of employment status that a visited person reports."""

    status: str  # code of ES
    since: date
    employer: str = ""


@dataclass(frozen=True, slots=True)
class Listed:
    """A person as the phone's list of persons has them."""

    person: UUID
    household: UUID
    place: str  # building and room
    emp_status: str


def instance_name(form_id: str, place: str, at: datetime) -> str:
    """The instance's name as the form calculates it: kind of form, address or name, day."""
    return f"{_LABELS[form_id]} {place} {day_text(at)}"


def household_survey(
    home: Home, visit: DoorVisit, rng: Random, *, campaign: str, is_listed: bool
) -> Answers:
    """Answers to F1. `is_listed`: the household was picked from the entity list, not created on the phone."""
    place = f"{home.address}{home.building}{home.room}"
    answers = head_of(visit) | {
        "campaign": campaign,
        "hh_exists": "1" if is_listed else "0",
        "household": str(home.uuid) if is_listed else "",
        "outcome": visit.outcome,
        "met_whom": visit.met_whom if visit.outcome == DONE else "",
        "new_household_id": "" if is_listed else str(home.uuid),
        "place_name": place,
        "go": "0",
        "household_id": str(home.uuid) if is_listed else "",
    }
    if visit.outcome != DONE:
        return answers | {"outcome_final": visit.outcome}
    day = visit.at.astimezone(OFFICE).date()
    members = [
        _member(member, home, visit, rng, day) | {"is_known": "0" if is_listed else ""}
        for member in home.members
    ]
    head = next((m.name for m in home.members if m.relation == "0"), "")
    if not is_listed:
        answers["entity"] = {"id": home.uuid, "label": f"{head} {home.building}{home.room}"}
    return answers | {
        "consent": "1",
        "consent_scope": "1 2 3",
        "go": "1",
        "outcome_final": DONE,
        "answered_by": "6" if visit.met_whom == "6" else "1",
        "household_id": str(home.uuid),
        **fix_of(visit),
        "address": home.address,
        "building": home.building,
        "room": home.room,
        "hh_kind": "1",
        "tenure": rng.choice(("1", "1", "1", "2", "3")),
        "is_rural": "0",
        "n_hukou": str(sum(int(member["is_hukou"]) for member in members)),
        "n_resident": str(sum(int(member["is_resident"]) for member in members)),
        "dibao": "1" if home.dibao else "0",
        "income_pc": "1" if home.dibao else rng.choice("345"),
        "other_income": "0" if home.dibao or rng.random() < 0.9 else "1",
        "hardship": home.hardship,
        "members": members,
        "roster_size": str(len(members)),
        "roster_heads": "1",
        "roster_resident": str(sum(int(member["is_resident"]) for member in members)),
        "roster_hukou": str(sum(int(member["is_hukou"]) for member in members)),
        "head_name": head,
        "entity_community": visit.community_code,
        "entity_visit": day_text(visit.at),
        "entity_members": str(len(members)),
        "entity_geometry": fix_of(visit)["loc"],
        "entity_address": home.address,
        "entity_building": home.building,
        "entity_room": home.room,
        "photo": visit.photo,
        "roster_ok": "1",
    }


def _member(member: Member, home: Home, visit: DoorVisit, rng: Random, day: date) -> Answers:
    age = member.age_on(day)
    lives_here = member.residence_kind in ("1", "2", "5")
    registered_here = member.residence_kind in ("1", "3", "4", "5")
    here = visit.community_code
    elsewhere = f"{rng.choice(('43', '45', '36', '44'))}0000000000"
    answers = {
        "name": member.name,
        "relation": member.relation,
        "id_type": member.id_type,
        "id_no": member.id_no,
        "birth": "" if member.id_no else member.birth.isoformat(),
        "birth_lunar": "" if member.id_no else "0",
        "sex": "" if member.id_no else member.sex,
        "birth_date": member.birth.isoformat(),
        "sex_code": member.sex,
        "sex_now": member.sex,
        "asks_identity": "1",
        "age": str(age),
        "member_uuid": str(member.uuid or ""),
        "member_id": str(member.uuid or ""),
        "consent_at": instant_text(visit.at),
        "consented": "1 2 3",
        "is_head": "1" if member.relation == "0" else "0",
        "head_part": member.name if member.relation == "0" else "",
        "ethnicity": "01" if rng.random() < 0.98 else "08",
        "residence_kind": member.residence_kind,
        "hukou_type": member.hukou_type,
        "is_resident": "1" if lives_here else "0",
        "is_hukou": "1" if registered_here else "0",
        "hukou_province": "" if registered_here else elsewhere[:2],
        "hukou_area": here if registered_here else elsewhere,
        "away_place": "" if lives_here else "44",
        "away_area": "" if lives_here else "440000000000",
        "residence_area": here if lives_here else "440000000000",
        "residence_addr": f"{home.address}{home.building}{home.room}" if lives_here else "",
        "edu": member.edu if age >= 6 else "",
        "health": member.health,
        "disability": "4" if member.health == "6" else "",
        "disability_grade": "3" if member.health == "6" else "",
    }
    if age >= 16:
        answers |= {"marital": member.marital, "phone": member.phone}
    if 16 <= age <= 64 and member.emp_status:
        answers |= _labour(member, rng)
    return answers


def _labour(member: Member, rng: Random) -> Answers:
    answers = {"work_capacity": member.work_capacity, "emp_status": member.emp_status}
    since = member.since.isoformat() if member.since else ""
    if member.emp_status in EMPLOYED:
        answers |= {
            "emp_form": {"11": "4", "12": "2", "13": "3"}.get(member.emp_status, "1"),
            "employer_name": member.employer,
            "industry": member.industry,
            "occupation": "4",
            "start": since,
            "contract": rng.choice(("1", "2", "2", "4")),
            "wage_band": rng.choice("3455"),
            "insurance": rng.choice(("1 2 3 4 5", "6 7", "7")),
        }
    if member.emp_status == "13":
        answers |= {
            "flex_form": "01",
            "flexible_start": since,
            "flexible_occupation": answers["occupation"],
            "flexible_income": answers["wage_band"],
            "flexible_insurance": answers["insurance"],
        }
    if member.emp_status in UNEMPLOYED:
        is_registered = member.emp_status == "20"
        answers |= {
            "unemp_date": since,
            "unemp_reason": member.unemp_reason,
            "registered": "1" if is_registered else "0",
            "insurance": "7",
        }
    if member.emp_status not in ("33", "34", "35"):
        answers["job_willing"] = "1" if member.willing else "0"
        if member.willing:
            answers |= {"wish_job": member.wish, "wish_wage": rng.choice("345"), "wish_area": "1 2"}
    if rng.random() < 0.25:
        answers["training_wish"] = rng.choice(("01", "02 11", "03", "09", "10 12"))
    return answers


def employer_survey(firm: Firm, visit: DoorVisit, rng: Random, *, is_listed: bool) -> Answers:
    """Answers to F2. `is_listed`: the employer was picked from the entity list, not created on the phone."""
    day = visit.at.astimezone(OFFICE).date()
    n_staff = max(1, firm.n_staff + (rng.randrange(-3, 6) if is_listed else 0))
    jobs = rng.sample(firm.jobs, k=rng.randrange(0, len(firm.jobs) + 1))
    return head_of(visit) | {
        "campaign": QUARTERLY if is_listed else CENSUS,
        "emp_exists": "1" if is_listed else "0",
        "employer": str(firm.uuid) if is_listed else "",
        "outcome": DONE,
        "consent": "1",
        "go": "1",
        "outcome_final": DONE,
        "new_employer_id": "" if is_listed else str(firm.uuid),
        "employer_id": str(firm.uuid),
        "uscc": firm.uscc,
        "uscc_ok": "1" if firm.uscc else "0",
        "name": firm.name,
        "employer_title": firm.name,
        "org_type": firm.org_type,
        "econ_type": firm.econ_type,
        "industry": firm.industry,
        "is_dispatch": "0",
        **fix_of(visit),
        "address": firm.address,
        "contact": firm.contact,
        "phone": firm.phone,
        "n_staff": str(n_staff),
        "n_female": str(n_staff * 2 // 5),
        "n_local": str(n_staff // 2),
        "n_4050": str(n_staff // 8),
        "contracts_signed": str(n_staff * 9 // 10),
        "insured_n": str(n_staff * 4 // 5),
        "change": rng.choice("2334") if is_listed else "3",
        "arrears": "1" if rng.random() < 0.02 else "0",
        "vacancies": [_vacancy(title, visit, rng, day) for title in jobs],
        "photo": visit.photo,
    }


def _vacancy(title: str, visit: DoorVisit, rng: Random, day: date) -> Answers:
    wage = rng.randrange(18, 45) * 100
    is_welfare = title in ("保洁员", "保安员") and rng.random() < 0.4
    return {
        "title": title,
        "occupation": "6" if title.endswith("工") else "4",
        "n_wanted": str(rng.randrange(1, 6)),
        "public_welfare": "1" if is_welfare else "0",
        "welfare_kind": {"保洁员": "1", "保安员": "3"}[title] if is_welfare else "",
        "accepts_assisted": rng.choice(("1", "0")),
        "edu_min": rng.choice(("70", "90", "60")),
        "wage_min": str(wage),
        "wage_max": str(wage + rng.randrange(2, 12) * 100),
        "hours": rng.choice("1245"),
        "expires_on": (day + timedelta(days=rng.choice((30, 45, 90)))).isoformat(),
        "workplace": fix_of(visit)["loc"],
        "vacancy_source": "2",
    }


def home_visit(
    subject: Subject, visit: DoorVisit, rng: Random, *, purpose: str, change: Change | None
) -> Answers:
    """Answers to F3 about a case of the worker's list."""
    answers = head_of(visit) | {
        "purpose": purpose,
        "subject_kind": "case",
        "subject": str(subject.case),
        "person_id": str(subject.person or ""),
        "household_id": str(subject.household),
        "known_address": subject.address,
        "known_place": "{1} {0} 0 0".format(*subject.place) if subject.place else "",
        **fix_of(visit),
        "outcome": visit.outcome,
        "outcome_final": visit.outcome,
        "go": "1" if visit.outcome == DONE else "0",
        "about_person": "1" if visit.outcome == DONE and subject.person else "0",
        "next_visit": day_text(visit.at + timedelta(days=30)),
    }
    if visit.outcome != DONE:
        return answers
    answers |= {
        "met_whom": visit.met_whom,
        "consent": "1",
        "services": rng.choice(("1", "1 2", "1 3 4", "2 4")),
        "policies_told": rng.choice(("1 2", "4", "5", "2 3")),
        "needs": rng.choice(("1", "1 2", "4", "6")),
        "photo": visit.photo,
    }
    if subject.person is None:
        return answers
    answers |= {
        "consent_at": instant_text(visit.at),
        "job_willing": "1",
        "wish_job": rng.choice("346"),
        "status_changed": "1" if change else "0",
        "mood": "1",
    }
    if change is not None:
        answers |= {"emp_status": change.status, "since": change.since.isoformat()}
        if change.status in EMPLOYED:
            answers |= {"employer": change.employer, "emp_form": "1", "wage": "4"}
    is_offered = change is None and rng.random() < 0.05
    answers["offered_jobs"] = "1" if is_offered else "0"
    if is_offered:
        answers["offers"] = [_offer(rng, visit)]
    return answers


def _offer(rng: Random, visit: DoorVisit) -> Answers:
    response = rng.choice("1223")
    return {
        "vacancy": rng.choice(("保洁员", "理货员", "厨工", "分拣员", "养老护理员")),
        "response": response,
        "refuse_reason": rng.choice("1246") if response == "3" else "",
        "interview_on": day_text(visit.at + timedelta(days=3)) if response == "1" else "",
        "vacancy_id": str(UUID(int=rng.getrandbits(128), version=4)),
        "offered_on": day_text(visit.at),
        "offer_channel": "1",
    }


def head_of(visit: DoorVisit) -> Answers:
    """When and where a form was filled in, by whom, at the door."""
    return {
        "start": instant_text(visit.at - timedelta(minutes=1)),
        "end": instant_text(visit.at + timedelta(minutes=12)),
        "today": day_text(visit.at),
        "username": visit.worker,
        "visited_at": instant_text(visit.at),
        "visit_day": day_text(visit.at),
        "community": str(visit.community_uuid),
        "community_code": visit.community_code,
        "mode": "1",
    }


def fix_of(visit: DoorVisit) -> Answers:
    """The position of the visit, empty where there was none."""
    if visit.fix is None:
        return {"loc": "", "loc_accuracy": ""}
    lon, lat = visit.fix
    accuracy = f"{visit.accuracy:.1f}"
    return {"loc": f"{lat:.7f} {lon:.7f} 12.0 {accuracy}", "loc_accuracy": accuracy}


def day_text(at: datetime) -> str:
    """The office's day of an instant, as ODK writes dates."""
    return at.astimezone(OFFICE).date().isoformat()


def instant_text(at: datetime) -> str:
    """An instant as ODK writes it."""
    return at.astimezone(OFFICE).isoformat(timespec="milliseconds")
