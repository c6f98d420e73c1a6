"""All committed forms in the real form engine, without a server."""

from __future__ import annotations

import datetime as dt
from random import Random

import pytest
from lxml import etree

from tests.acceptance.engine import EngineError, Hints, NotFinalised, Refused
from tests.acceptance.engine.households import household, survey
from tests.acceptance.engine.lists import HERE, HOUSEHOLD, MEDIA, TODAY, TOWN

pytestmark = pytest.mark.engine
FORMS = ("household_survey", "employer_survey", "home_visit")


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("name", FORMS)
def test_any_seed_makes_a_complete_instance(engine, xforms, name, seed):
    if name == "household_survey":
        hints = survey(household(Random(seed)), HERE)
    else:
        hints = Hints({**HERE, "outcome": "1", "consent": "1"})
    filled = engine.fill(xforms[name], MEDIA, seed, hints, username="wang")
    root = etree.fromstring(filled.instance_xml)
    assert (root.tag, root.get("id")) == ("data", name)
    assert f'id="{name}" version="{root.get("version")}"'.encode() in xforms[name]
    assert filled.texts("username") == ["wang"]
    assert filled.texts("community_code") == ["440106003001"]
    assert filled.texts("outcome_final") == ["1"]
    assert filled.instance_id == filled.texts("instanceID")[0]
    for photo in ("photo", "signature"):
        for file in filter(None, filled.texts(photo)):
            assert filled.attachments[file].startswith(b"\xff\xd8")
    numbers = [*filled.answers_to("id_no"), *filled.answers_to("phone")]
    assert not [number for number in numbers if number in filled.texts("instanceName")[0]]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("name", FORMS)
def test_whatever_the_outcome_the_form_comes_to_an_end(engine, xforms, name, seed):
    consents = {"community": TOWN} | ({"consent": "0"} if seed % 2 else {})
    hints = Hints(consents)
    if name == "household_survey":
        hints = survey(household(Random(seed)), {"outcome": str(3 + seed), **consents})
    filled = engine.fill(xforms[name], MEDIA, seed, hints)
    assert filled.texts("outcome_final")[0] in "123456789"


def test_a_seed_gives_the_same_answers_again(engine, xforms):
    hints = {
        "community": TOWN,
        "outcome": "1",
        "consent": "1",
        "visited_at": "2026-11-23T10:00:00.000+08:00",
    }
    first, again = (
        engine.fill(xforms["employer_survey"], MEDIA, 7, Hints(hints)) for _time in range(2)
    )
    unlike = {path for path in first.answers if first.answers[path] != again.answers[path]}
    assert {path.rsplit("/")[-1].partition("[")[0] for path in unlike} <= {"photo", "signature"}
    assert first.instance_id != again.instance_id


@pytest.mark.parametrize("name", FORMS)
def test_without_consent_it_ends_there_as_refused(engine, xforms, name):
    answers = {**HERE, "outcome": "1", "consent": "0", "hh_exists": "0", "emp_exists": "0"}
    filled = engine.fill(xforms[name], MEDIA, 8, Hints(answers))
    assert filled.texts("outcome_final") == ["4"]
    shown = {prompt.name for prompt in filled.prompts.values()}
    assert shown.isdisjoint({"name", "address", "phone", "needs", "signature", "skills", "n_staff"})
    assert {"remark", "next_visit"} <= shown
    assert not filled.attachments
    if name == "household_survey":
        assert filled.texts("household_id") == [""]
        assert 'create="0"' in filled.instance_xml.decode()


@pytest.mark.parametrize("name", FORMS)
def test_no_one_home_is_an_outcome_of_its_own(engine, xforms, name):
    answers = {**HERE, "outcome": "3", "hh_exists": "1", "emp_exists": "1", "subject_kind": "case"}
    filled = engine.fill(xforms[name], MEDIA, 9, Hints(answers))
    assert filled.texts("outcome_final") == ["3"]
    assert not filled.was_asked("consent")
    if name == "household_survey":
        assert filled.texts("household_id") == [HOUSEHOLD]
        assert "天河路1号3栋302" in filled.texts("instanceName")[0]


def test_a_form_that_does_not_validate_as_a_whole_cannot_be_finalised(engine, xforms):
    """Going back and changing an earlier answer does not slip past a constraint further on."""
    engine.open(xforms["home_visit"], MEDIA)
    outcome = engine.ask("finish")
    assert (outcome["valid"], outcome["outcome"]) == (False, "required")

    class Blank(Hints):
        def candidates(self, prompt, random):
            yield "OK" if prompt.control == "trigger" else None

    with pytest.raises((Refused, NotFinalised), match="required"):
        engine.fill(xforms["home_visit"], MEDIA, 1, Blank())


def test_a_broken_form_is_the_engines_error(engine, xforms):
    with pytest.raises(EngineError):
        engine.fill(b"<html/>", MEDIA, 1, Hints())
    assert engine.fill(xforms["home_visit"], MEDIA, 1, Hints({**HERE, "outcome": "3"}))


@pytest.mark.parametrize("name", FORMS)
def test_the_only_community_is_filled_in(engine, xforms, name):
    header, first, _second = MEDIA["communities.csv"].decode().splitlines()
    only = {**MEDIA, "communities.csv": f"{header}\n{first}\n".encode()}
    for lists, community in ((only, TOWN), (MEDIA, None)):
        filled = engine.fill(xforms[name], lists, 2, Hints({**HERE, "outcome": "3"}))
        prompt = next(prompt for prompt in filled.prompts.values() if prompt.name == "community")
        assert prompt.answer == community
        assert prompt.choices[0].label == "示范一社区"


@pytest.mark.parametrize("name", FORMS)
def test_a_visit_cannot_lie_in_the_future(engine, xforms, name):
    tomorrow = f"{TODAY + dt.timedelta(days=1)}T23:00:00.000+08:00"
    with pytest.raises(Refused, match="不能晚于现在"):
        engine.fill(xforms[name], MEDIA, 2, Hints({**HERE, "visited_at": tomorrow}))
