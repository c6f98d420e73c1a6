"""The form of corrections in both form engines, and an answer of the household survey that comes back by it."""

from __future__ import annotations

import pytest

from server.accounts.access import access_of
from server.core import clock
from server.ledgers.models import Person
from server.ledgers.refolding.rebuild import rebuild
from server.ledgers.services import askable_places, send_back
from server.submissions.models import Submission
from server.submissions.selectors import answers_of
from tests.acceptance.engine import Hints
from tests.acceptance.test_household_survey import member
from tests.acceptance.walks import (
    lists,
    questions_of,
    quiet,
    rows,
    send,
    street_phone,
    surveyed,
    walked,
)

pytestmark = pytest.mark.engine
TYPES = {
    "text": ("new_text", "示范路2号"),
    "int": ("new_integer", "3"),
    "decimal": ("new_decimal", "1.5"),
    "date": ("new_date", "2026-11-01"),
    "select_one": ("new_choice", "70"),
    "select_multiple": ("new_choices", "10 70"),
}
ROWS = {kind: f"c0000000-0000-4000-8000-00000000000{n}" for n, kind in enumerate(TYPES)}
MEDIA = {
    "corrections.csv": "\n".join(
        [
            "name,label,__version,community,instance,path,form,household,question,old_value,reason,type,list",
            *(
                f"{row},入户 学历,1,440106003001,uuid:1,/data/{kind},入户,示范路1号,学历,研究生,不符,{kind},"
                f"{'1-EDU' if kind.startswith('select') else ''}"
                for kind, row in ROWS.items()
            ),
        ]
    ).encode(),
    "correction_choices.csv": (
        b"name,label,__version,list,code\n"
        b"d0000000-0000-4000-8000-000000000001,A,1,1-EDU,10\n"
        b"d0000000-0000-4000-8000-000000000002,B,1,1-EDU,70\n"
        b"d0000000-0000-4000-8000-000000000003,C,1,1-OTHER,99\n"
    ),
}


def picking(kind: str) -> Hints:
    name, answer = TYPES[kind]
    return Hints({"asked": ROWS[kind], name: answer}, skip=0)


def test_every_question_is_answered_alike_in_both_engines(engine, web_engine, xforms):
    xform = xforms["correction"]
    walks = {kind: picking(kind) for kind in TYPES}
    assert walked(engine, web_engine, xform, walks, MEDIA) == questions_of(xform)


def test_choices_are_those_of_the_question_and_nothing_else_is_asked(engine, xforms):
    filled = engine.fill(xforms["correction"], MEDIA, 1, picking("select_one"))
    prompt = next(item for item in filled.prompts.values() if item.name == "new_choice")
    assert [choice.value for choice in prompt.choices] == ["10", "70"]
    assert filled.texts("new_choice") == ["70"]
    assert not any(
        filled.was_asked(name) for name, _answer in TYPES.values() if name != "new_choice"
    )
    assert filled.texts("community_code") == ["440106003001"]


@pytest.mark.django_db
def test_an_answer_of_the_survey_comes_back_corrected(divisions, make_user, engine, xforms):
    phone = street_phone()
    surveyed(phone, engine, xforms, member(48, name="王芳"), edu="70")
    record = Submission.objects.get()
    chief = make_user("chief", role="street", area="440106003")
    person = Person.objects.get()
    assert person.edu == "70"
    place = next(
        place
        for place in askable_places(record, access_of(chief), answers_of(record.current_version))
        if place.endswith("/edu")
    )
    send_back(
        submission=record, places=[place], reason="看毕业证", reviewer=chief,
        access=access_of(chief), at=clock.now(),
    )  # fmt: skip
    (row,) = rows(phone, "correction", "corrections")
    hints = Hints({"asked": row["name"], "new_choice": "10"}, skip=0)
    send(phone, engine.fill(xforms["correction"], lists(phone, "correction"), 3, hints))
    person.refresh_from_db()
    assert person.edu == "10"
    assert rows(phone, "correction", "corrections") == []
    assert not rebuild(area="", as_of=clock.today(), keep=False, progress=quiet).differences
