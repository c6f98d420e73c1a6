"""vacancy_update in both form engines, and what the phone's door makes of it: vacancies kept, changed, closed, new."""

from __future__ import annotations

from datetime import timedelta

import pytest

from server.core import clock
from server.core.sealing import unseal_text
from server.ledgers.models import Employer, Vacancy
from server.ledgers.refolding.rebuild import rebuild
from tests.acceptance.engine import Hints, Refused
from tests.acceptance.engine.lists import EMPLOYER, HERE, MEDIA, TODAY, VACANCY
from tests.acceptance.walks import (
    lists,
    only_one,
    questions_of,
    quiet,
    rows,
    send,
    street_phone,
    walked,
)

pytestmark = pytest.mark.engine
UNTIL = (TODAY + timedelta(days=60)).isoformat()


def updated(**answers):
    known = {**HERE, "listed": "1", "vacancy": VACANCY, "employer": EMPLOYER, "wage_min": "2000",
             "wage_max": "2600", "expires_on": UNTIL, "n_left": "3"}  # fmt: skip
    return Hints({**known, **answers}, skip=0)


WALKS = {
    "still open": updated(still_open="1", changes=None),
    "much has changed": updated(
        still_open="1", changes="wage until welfare assisted phone", public_welfare="1"
    ),
    **{why: updated(still_open="0", why=why) for why in ("filled", "withdrawn", "closed")},
    "a new post with the committee": updated(listed="0", source="3", public_welfare="0", mode="2"),
}


def test_every_question_is_answered_alike_in_both_engines(engine, web_engine, xforms):
    xform = xforms["vacancy_update"]
    assert walked(engine, web_engine, xform, WALKS) == questions_of(xform)


def test_what_has_not_changed_is_not_asked(engine, xforms):
    filled = engine.fill(xforms["vacancy_update"], MEDIA, 2, WALKS["still open"])
    assert filled.texts("n_wanted") == ["4"]  # one was hired already
    assert not any(filled.was_asked(name) for name in ("wage_min", "expires_on", "phone"))
    with pytest.raises(Refused, match="不能低于月薪下限"):
        engine.fill(
            xforms["vacancy_update"],
            MEDIA,
            2,
            updated(still_open="1", changes="wage", wage_max="1999"),
        )


@pytest.fixture
def phone(divisions):
    return street_phone()


@pytest.mark.django_db
def test_vacancies_are_kept_changed_closed_and_made_by_the_list(phone, engine, xforms):
    titles = iter(("保洁员", "营业员"))
    hints = {"community": only_one, "mode": "2", "outcome": "1", "consent": "1", "emp_exists": "0",
             "n_wanted": "2", "title": lambda *_: next(titles)}  # fmt: skip
    survey = Hints(hints, repeats={"vacancies": 2}, skip=1)
    send(phone, engine.fill(xforms["employer_survey"], lists(phone, "employer_survey"), 5, survey))
    listed = {row["title"]: row for row in rows(phone, "vacancy_update", "vacancies")}

    def update(**answers):
        hints = Hints({"community": only_one, "listed": "1", **answers}, skip=1)
        send(phone, engine.fill(xforms["vacancy_update"], lists(phone, "vacancy_update"), 6, hints))

    update(vacancy=listed["保洁员"]["name"], still_open="1", n_left="5", changes="until phone",
           expires_on=UNTIL, phone="020-00001234")  # fmt: skip
    kept = Vacancy.objects.get(title="保洁员")
    assert (kept.n_wanted, str(kept.expires_on), kept.state) == (5, UNTIL, "1")
    assert kept.last_confirmed_on == clock.today()
    assert unseal_text(Employer.objects.get().phone, "phone") == "020-00001234"
    update(vacancy=listed["营业员"]["name"], still_open="0", why="withdrawn")
    assert Vacancy.objects.get(title="营业员").state == "7"
    new = {"listed": "0", "employer": listed["保洁员"]["employer"], "title": "绿化工", "n_new": "3",
           "occupation": "4", "source": "3", "wage_min": "2100", "public_welfare": "1",
           "expires_on": UNTIL}  # fmt: skip
    update(**new)
    update(**new)  # the same post once more is the same vacancy
    post = Vacancy.objects.get(title="绿化工")
    assert (post.source, post.is_public_welfare, post.n_wanted) == ("3", True, 3)
    assert post.employer_id == kept.employer_id
    assert next(row["title"] for row in rows(phone, "vacancy_update", "vacancies")) == "绿化工"
    assert not rebuild(area="", as_of=clock.today(), keep=False, progress=quiet).differences
