"""What the demo's workers do with the forms of the offices' services: quick changes, offers of jobs, people who retire, applications, petitions, vacancies. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from random import Random
from typing import Final
from uuid import UUID

from server.core.clock import OFFICE
from server.ops.demo.answers import (
    DECEASED,
    DONE,
    MOVED,
    QUARTERLY,
    Answers,
    DoorVisit,
    Listed,
    Subject,
    day_text,
    fix_of,
    head_of,
    instant_text,
)
from server.ops.demo.population import EMPLOYED, UNEMPLOYED, Home

DAYS: Final = 24
"""The last days of the demo, in which all of this happens: what the lists have then was there already."""

VACANCIES: Final = 10
"""How many vacancies of a community are offered: those that last longest."""

RETIRED: Final = "31"  # code of ES

SERVICES: Final = (
    "training", "certificate", "loan", "floating", "agency", "flexible", "transfer", "unemployed",
)  # fmt: skip
"""What people without work apply for, by turns."""

MATTERS: Final = ("petition", "consult", "guidance", "publicity", "dispute", "report", "hidden")
"""What people come to the counter with, by turns."""

_MATTERS: Final = dict(
    zip(
        MATTERS,
        ("信访", "政策咨询", "职业指导", "宣传活动", "劳资纠纷", "举报", "隐患排查"),
        strict=True,
    )
)

FillIn = Callable[[DoorVisit, Random], Answers]


@dataclass(frozen=True, slots=True)
class Stock:
    """What the workers' lists have at the end, beside cases and persons."""

    vacancies: Mapping[str, Sequence[UUID]]  # by division code

    def vacancies_near(self, home: Home) -> Sequence[UUID]:
        """The vacancies of the household's community, under its present or its former code."""
        community = home.community
        codes = (community.code, community.former_code)
        return [item for code in codes for item in self.vacancies.get(code, ())]


@dataclass(frozen=True, slots=True)
class Service:
    """A form that is filled in for somebody who lives in a household."""

    form_id: str
    home: Home
    place: str  # for the instanceName
    is_signed: bool
    fill_in: FillIn


def wanted(
    rng: Random,
    subjects: Sequence[Subject],
    listed: Sequence[Listed],
    stock: Stock,
    homes: Mapping[UUID, Home],
) -> Iterator[Service]:
    """The services, in a fixed order."""
    for person in listed:
        home = homes.get(person.household)
        if home is not None and person.emp_status == RETIRED:
            fill_in = partial(retiree_visit, person)
            yield Service("retiree_visit", home, person.place, False, fill_in)
    seeking = [person for person in listed if person.emp_status in UNEMPLOYED]
    for number, person in enumerate(seeking):
        home = homes.get(person.household)
        if home is not None and (number < len(SERVICES) or rng.random() < 0.3):
            service = SERVICES[number % len(SERVICES)]
            fill_in = partial(service_application, person, service)
            yield Service("service_application", home, person.place, True, fill_in)
    asked: set[UUID] = set()
    for home in homes.values():
        for vacancy in stock.vacancies_near(home):
            if vacancy not in asked:
                asked.add(vacancy)
                fill_in = partial(vacancy_update, vacancy)
                yield Service("vacancy_update", home, "", False, fill_in)
    for number, person in enumerate(listed):
        home = homes.get(person.household)
        if home is not None and (number < len(MATTERS) or rng.random() < 0.02):
            matter = MATTERS[number % len(MATTERS)]
            fill_in = partial(petition_consult, person, matter)
            yield Service("petition_consult", home, "", False, fill_in)
    for subject in subjects:
        home = homes.get(subject.household)
        if home is None or subject.person is None:
            continue
        near = stock.vacancies_near(home)
        if near and rng.random() < 0.7:
            vacancy = rng.choice(near)
            fill_in = partial(job_offer, subject, vacancy)
            yield Service("job_offer", home, subject.address, True, fill_in)


def quick_change(person: Listed, visit: DoorVisit, rng: Random) -> Answers:
    """Answers to F9: mostly that nothing changed, else one of the changes that the form knows."""
    kinds = ["phone", "lost", "moved_out", "died", "split", "out"]
    if person.emp_status in UNEMPLOYED:
        kinds += ["employed"] * 12
    elif person.emp_status in EMPLOYED:
        kinds += ["unemployed"] * 12
    change = "unchanged" if rng.random() < 0.75 else rng.choice(kinds)
    answers = head_of(visit) | {
        "told_by": visit.met_whom,
        "find_by": "home",
        "household": str(person.household),
        "at_home": str(person.person),
        "change": change,
        "person_id": str(person.person),
        "household_id": str(person.household),
        "place_name": person.place,
        "person_status": {"moved_out": "2", "lost": "4", "died": "", "split": ""}.get(change, "1"),
    }
    day = visit.at.astimezone(OFFICE).date()
    since = (day - timedelta(days=rng.randrange(1, 30))).isoformat()
    match change:
        case "employed":
            answers |= {"emp_status": rng.choice(("10", "10", "13")), "since": since}
            answers |= {"emp_form": "1", "occupation": rng.choice("346"), "wage": "4"}
        case "unemployed":
            answers |= {"emp_status": "21", "since": since, "unemp_date": since}
            answers |= {"unemp_reason": rng.choice(("02", "05")), "job_willing": "1"}
        case "out":
            answers |= {"emp_status": rng.choice(("31", "32")), "since": since}
        case "phone":
            answers["phone"] = f"020-0000{rng.randrange(10_000):04d}"
        case "moved_out":
            answers |= {"moved_to": "43", "residence_area": "430000000000"}
        case "died":
            answers |= {"death_date": since, "informant": "家属"}
        case "split":
            answers["details"] = "子女成家，另立一户"
    if change in ("died", "split"):
        answers |= {
            "outcome": DECEASED if change == "died" else MOVED,
            "visit_at": instant_text(visit.at),
            "visit_purpose": QUARTERLY,
            "visit_mode": "1",
            "visit_told_by": visit.met_whom,
            "findings": answers.get("details") or answers.get("informant"),
        }
    return answers


def retiree_visit(person: Listed, visit: DoorVisit, rng: Random) -> Answers:
    """Answers to F7: somebody who has retired is taken over from the former employer."""
    retired_on = day_text(visit.at - timedelta(days=rng.randrange(30, 300)))
    dependants = []
    if rng.random() < 0.4:
        dependants = [{"dependant_name": "陈幼", "relation": "4", "studies": "1", "allowance": "0"}]
    return head_of(visit) | {
        "find_by": "home",
        "household": str(person.household),
        "at_home": str(person.person),
        "picked": str(person.person),
        "person_id": str(person.person),
        "household_id": str(person.household),
        "known": "1",
        "event": "new",
        "loc": fix_of(visit)["loc"],
        "met_whom": visit.met_whom,
        "retiree_id": str(UUID(int=rng.getrandbits(128), version=4)),
        "retired_on": retired_on,
        "retire_type": rng.choice("1112"),
        "former_employer": rng.choice(("市第一机床厂", "街道服装厂", "南方百货公司")),
        "health": rng.choice("1123"),
        "life_status": rng.choice("1112"),
        "change_kind": "11",
        "changed_on": retired_on,
        "emp_status": RETIRED,
        "spell_start": retired_on,
        "has_dependants": "1" if dependants else "0",
        "dependants": dependants,
    }


def vacancy_update(vacancy: UUID, visit: DoorVisit, rng: Random) -> Answers:
    """Answers to F4: a call to the employer, whose vacancy is mostly still open."""
    answers = head_of(visit) | {"mode": "2", "listed": "1", "vacancy": str(vacancy)}
    answers |= {"vacancy_id": str(vacancy)}
    if rng.random() < 0.2:
        why, state = rng.choice((("filled", "5"), ("withdrawn", "7")))
        return answers | {"still_open": "0", "why": why, "state": state}
    wanted = str(rng.randrange(1, 5))
    until = day_text(visit.at + timedelta(days=45))
    answers |= {"still_open": "1", "n_left": wanted, "n_wanted": wanted}
    return answers | {"changes": "until", "expires_on": until}


def petition_consult(person: Listed, matter: str, visit: DoorVisit, rng: Random) -> Answers:
    """Answers to F8: a matter that somebody brings to the counter."""
    today = day_text(visit.at)
    answers = head_of(visit) | {"mode": "3", "kind": matter, "kind_text": _MATTERS[matter]}
    match matter:
        case "petition":
            answers |= {"channel": "2", "signed": "anonymous", "received_on": today}
            answers |= {"n_people": rng.choice(("1", "2", "6")), "topic": rng.choice("1236")}
            return answers | {"content": "反映单位拖欠工资", "urgent": rng.choice("0001")}
        case "consult" | "guidance" | "publicity":
            topic = {"guidance": "7", "publicity": "8"}.get(matter, rng.choice("12345"))
            answers |= {"held_on": today, "held_mode": "3", "talk_topic": topic}
            answers |= {"answer": "介绍了就业扶持政策", "audience": "1"}
            if matter == "publicity":
                return answers | {"audience": str(rng.randrange(20, 90)), "handed_out": "50"}
            answers |= {"find_by": "home", "household": str(person.household)}
            return answers | {"at_home": str(person.person), "person_id": str(person.person)}
    employer = rng.choice(("好味餐饮店", "顺风物流部", "新光制衣厂"))
    answers |= {"employer_name": employer, "issues": rng.choice(("1", "1 2", "3"))}
    answers |= {"employer_id": str(UUID(int=rng.getrandbits(128), version=4)), "seen_on": today}
    answers |= {"inspection_kind": {"dispute": "3", "report": "2"}.get(matter, "5")}
    answers |= {"n_workers": str(rng.randrange(1, 20)), "action": "已约谈单位负责人"}
    return answers | ({"level": rng.choice("123")} if matter == "hidden" else {})


def service_application(person: Listed, service: str, visit: DoorVisit, rng: Random) -> Answers:
    """Answers to F5: somebody without work applies for a service at the counter."""
    today = day_text(visit.at)
    since = day_text(visit.at - timedelta(days=rng.randrange(3, 40)))
    answers = head_of(visit) | {
        "mode": "3",
        "find_by": "home",
        "household": str(person.household),
        "at_home": str(person.person),
        "picked": str(person.person),
        "person_id": str(person.person),
        "known": "1",
        "service": service,
        "declaration": visit.photo,
    }
    match service:
        case "training":
            course = rng.choice(("电工", "家政", "养老护理", "烹饪"))
            return answers | {"training_kind": rng.choice("2345"), "course": course}
        case "certificate":
            answers |= {"cert_type": "02", "certificate_type": "02", "applied_on": today}
            return answers | {"basis": rng.choice("1234"), "materials": "01 03"}
        case "loan":
            project = rng.choice(("早餐店", "修鞋铺", "蔬菜摊"))
            answers |= {"cert_no": f"C{rng.randrange(10_000):04d}", "project": project}
            return answers | {"amount": "20000", "term_months": "24", "guarantee": "1"}
        case "floating":
            answers |= {"direction": "1", "other_place": "43", "far_area": "430000000000"}
            answers |= {"origin_area": "430000000000", "floating_dest": visit.community_code}
            return answers | {"came_on": since, "filed_on": today}
        case "agency":
            return answers | {"agency_service": rng.choice("123"), "in_on": since}
        case "flexible":
            answers |= {"flex_form": rng.choice(("01", "02", "06")), "flex_since": since}
            answers |= {"flexible_start": since, "flexible_registered": today, "spell_form": "3"}
            answers |= {"reg_type": "3", "reg_date": today}
            return answers | {"emp_status": "13", "start_on": since}
        case "transfer":
            answers |= {"dest": "5", "dest_place": "43", "dest_area": "430000000000"}
            answers |= {"organised": rng.choice("123"), "moved_on": since, "transfer_start": since}
            return answers | {"transfer_wish": "1", "emp_status": "15", "start_on": since}
    answers |= {"unemp_date": since, "unemployed_since": since, "unemp_reason": "02"}
    answers |= {"reg_type": "1", "reg_date": today, "job_willing": "1"}
    return answers | {"emp_status": "20", "start_on": since}


def job_offer(subject: Subject, vacancy: UUID, visit: DoorVisit, rng: Random) -> Answers:
    """Answers to F6: a vacancy of the list offered at the door to the person of a case."""
    response = rng.choice("1223")
    offer = {
        "vacancy": str(vacancy),
        "response": response,
        "refuse_reason": rng.choice("1246") if response == "3" else "",
        "interview_on": day_text(visit.at + timedelta(days=3)) if response == "1" else "",
        "ack": visit.photo,
        "offered_on": day_text(visit.at),
        "offer_channel": "1",
    }
    head = head_of(visit)
    del head["mode"]  # the form asks for the channel instead
    return head | {
        "channel": "1",
        "find_by": "case",
        "subject": str(subject.case),
        "picked": str(subject.person),
        "person_id": str(subject.person),
        "household_id": str(subject.household),
        "known": "1",
        "loc": fix_of(visit)["loc"],
        "outcome": DONE,
        "met_whom": visit.met_whom,
        "suitable": "1",
        "offers": [offer],
        "next_follow": day_text(visit.at + timedelta(days=30)),
        "at_door": "1",
        "visit_outcome": DONE,
        "visit_at": instant_text(visit.at),
        "visit_purpose": "4",
        "visit_mode": "1",
        "visit_met": visit.met_whom,
        "visit_loc": fix_of(visit)["loc"],
        "visit_services": "2",
        "visit_next": day_text(visit.at + timedelta(days=30)),
    }
