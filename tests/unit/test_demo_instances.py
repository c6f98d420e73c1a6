"""The demo fits the committed forms: every answer has its question, every instance parses."""

from datetime import date
from random import Random
from uuid import UUID, uuid5

import pytest
from lxml import etree

from server.ops.demo import boundaries, photos
from server.ops.demo.answers import Listed, Subject, instance_name
from server.ops.demo.instances import Template
from server.ops.demo.plan import Calendar, Plan
from server.ops.demo.population import population
from server.ops.demo.services import Stock
from server.ops.demo.street import FORMS
from server.submissions import envelope
from tests.samples.xlsforms import committed

CALENDAR = Calendar(until=date(2026, 11, 1), quarters=2)


@pytest.fixture(scope="module")
def xforms():
    return {form_id: committed(form_id) for form_id in FORMS}


@pytest.fixture(scope="module")
def submissions():
    street = boundaries.street(seed=1, communities=2, recoded_on=CALENDAR.recoded_on, moved=1)
    people = population(seed=1, communities=street.communities, households=60, on=CALENDAR.begins)
    plan = Plan(
        seed=1,
        street=street,
        people=people,
        calendar=CALENDAR,
        workers={community.code: "worker" for community in street.communities},
        list_uuid=lambda code: uuid5(UUID(int=0), code),
    )
    subjects = [
        Subject(UUID(int=n), UUID(int=n) if n % 3 else None, home.uuid, home.address, None)
        for n, home in enumerate(people.homes[:20])
    ]
    listed = [
        Listed(UUID(int=900 + n), home.uuid, home.building, ("10", "21", "31")[n % 3])
        for n, home in enumerate(people.homes)
    ]
    stock = Stock({item.code: [UUID(int=500 + n)] for n, item in enumerate(street.communities)})
    return plan.census() + plan.later(subjects, listed) + plan.services(subjects, listed, stock)


def unanswerable(answers, root):
    """The names of answers for which the form has no question."""
    names = {element.tag for element in root.iter()}
    missing = {name for name in answers if name not in names and name != "entity"}
    for name, value in answers.items():
        if isinstance(value, list):
            repeat = root.find(f".//{name}")
            missing |= {inner for record in value for inner in unanswerable(record, repeat)}
    return missing


def test_every_answer_has_a_question(xforms, submissions):
    roots = {form_id: Template(xform).root for form_id, xform in xforms.items()}
    missing = {
        (submission.form_id, name)
        for submission in submissions
        for name in unanswerable(submission.fill_in(Random(1)), roots[submission.form_id])
    }
    assert missing == set()


def test_an_instance_is_what_collect_would_send(xforms, submissions):
    templates = {form_id: Template(xform) for form_id, xform in xforms.items()}
    for submission in submissions:
        answers = submission.fill_in(Random(1))
        name = instance_name(submission.form_id, submission.place, submission.visit.at)
        document = templates[submission.form_id].fill(
            answers, instance_id=submission.instance_id, instance_name=name
        )
        read = envelope.parse(document)
        assert read.form_id == submission.form_id
        assert read.version
        assert read.instance_id == f"uuid:{submission.instance_id}"
        root = etree.fromstring(document)
        assert len(root.findall("members")) == len(answers.get("members", []))
        assert [e.text for e in root.iter("visited_at")] == [answers["visited_at"]]
        assert (root.find(".//entity") is not None) == ("entity" in answers)
        assert b"template" not in document


def test_a_question_the_demo_does_not_know_is_left_blank(xforms):
    empty = Template(xforms["household_survey"]).fill({}, instance_id=UUID(int=1))
    root = etree.fromstring(empty)
    filled = {e.tag for e in root.iter() if not len(e) and e.text}
    assert filled == {"instanceID"}
    assert root.findall("members") == []


def test_pictures_are_small_and_always_the_same():
    pictures = {photos.door(number) for number in range(photos.VARIETY)}
    assert len(pictures) == photos.VARIETY
    assert photos.door(3) == photos.door(3 + photos.VARIETY)
    assert all(p.startswith(b"\xff\xd8") and 2_000 < len(p) < 40_000 for p in pictures)
