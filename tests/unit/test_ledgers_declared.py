"""Ledgers that are folded by their declaration: links, states with needs and stamps, counts, deadlines (fold.md, Adding a ledger)."""

from __future__ import annotations

from datetime import date

import pytest

from server.ledgers.definitions.columns import Merge, day
from server.ledgers.definitions.ledgers import DEFINITIONS, MACHINES
from server.ledgers.definitions.vocabulary import ContributionFlag, ExceptionKind
from tests.factories.contributions import History, fold_contributions, row_of
from tests.factories.ledgers import uuid_of

ON = "2026-11-27"


def offered(history: History, name: str, on: str = "2026-03-01", /, **values):
    """An offer of the vacancy v to the person p."""
    return history.state(
        "offer",
        name,
        on,
        {"offered_on": on, **values},
        links={"person": "p", "vacancy": "v"},
    )


def street(**vacancy) -> History:
    history = History()
    history.state("person", "p", "2026-01-05", {"name": "陈一", "emp_status": "21"})
    values = {"title": "保安", "n_wanted": 2, "expires_on": "2026-12-31", **vacancy}
    history.state("vacancy", "v", "2026-02-01", values)
    return history


def illegal(result):
    return [
        item.contribution.id for item in result.raised if item.kind is ExceptionKind.ILLEGAL_MOVE
    ]


def test_what_a_record_says_makes_the_move_that_it_means():
    history = street()
    offered(history, "o", response="2")
    offered(history, "o", "2026-03-08", response="1", result="2")
    row = row_of(fold_contributions(history.contributions, ON), "offer", "o")
    assert (row["state"], row["result"], row["hired_on"]) == ("6", "2", "2026-03-08")
    assert [step[:2] for step in row["history"]["state"]] == [
        ["2026-03-01", "1"], ["2026-03-01", "4"], ["2026-03-08", "2"], ["2026-03-08", "6"],
    ]  # fmt: skip
    assert (row["person_id"], row["vacancy_id"]) == (uuid_of("person p"), uuid_of("vacancy v"))
    assert [item["due_on"] for item in row["on_job"]] == ["2026-04-08", "2026-06-08", "2026-09-08"]


def test_a_visit_after_the_job_began_is_its_follow_up():
    history = street()
    offered(history, "o", response="1", result="2", hired_on="2026-03-10")
    history.state("visit", "w", "2026-04-20", {"outcome": "1"}, links={"person": "p"})
    history.state("visit", "x", "2026-05-01", {"outcome": "3"}, links={"person": "p"})
    row = row_of(fold_contributions(history.contributions, ON), "offer", "o")
    assert [item["done_on"] for item in row["on_job"]] == ["2026-04-20", None, None]


def test_an_illegal_move_is_raised_and_not_made():
    history = street()
    offered(history, "o", response="1")
    last = history.decide("offer", "o", "2026-03-02", state="8")
    result = fold_contributions(history.contributions, ON)
    assert row_of(result, "offer", "o")["state"] == "2"
    assert illegal(result) == [last.id]


def test_a_move_without_what_it_needs_is_illegal():
    history = street()
    offered(history, "o", result="2")
    early = history.decide("offer", "o", "2026-04-01", state="9")
    assert illegal(fold_contributions(history.contributions, ON)) == [early.id]
    history.decide("offer", "o", "2026-05-01", state="9", left_reason="05")
    result = fold_contributions(history.contributions, ON)
    row = row_of(result, "offer", "o")
    assert (row["state"], row["left_on"], row["left_reason"]) == ("9", "2026-05-01", "05")


def test_a_day_that_the_move_gives_is_not_stamped():
    history = street()
    offered(history, "o", response="1")
    history.decide("offer", "o", "2026-03-09", state="6", hired_on="2026-03-05")
    row = row_of(fold_contributions(history.contributions, ON), "offer", "o")
    assert row["hired_on"] == "2026-03-05"


def test_who_repeats_a_state_gives_it_once():
    history = street()
    first = offered(history, "o", state="1")
    offered(history, "o", "2026-03-02", state="1")
    row = row_of(fold_contributions(history.contributions, ON), "offer", "o")
    assert "state" in row["origins"][str(first.id)]
    assert len(row["history"]["state"]) == 1


@pytest.mark.parametrize(
    ("hired", "expected"),
    [((), ("1", 0)), (("a",), ("4", 1)), (("a", "b"), ("5", 2)), (("a", "b", "c"), ("5", 3))],
)
def test_offers_that_led_to_work_fill_the_vacancy(hired, expected):
    history = street()
    for place, name in enumerate("abc"):
        result = {"result": "2"} if name in hired else {}
        offered(history, name, f"2026-03-0{place + 1}", response="1", **result)
    row = row_of(fold_contributions(history.contributions, ON), "vacancy", "v")
    assert (row["state"], row["n_filled"]) == expected
    if len(hired) > 1:
        assert row["history"]["state"][-1][:2] == ["2026-03-02", "5"]


def test_a_place_that_becomes_free_counts_no_more():
    history = street(n_wanted=1)
    offered(history, "o", result="2")
    filled = row_of(fold_contributions(history.contributions, ON), "vacancy", "v")
    history.decide("offer", "o", "2026-05-01", state="9", left_reason="05")
    free = row_of(fold_contributions(history.contributions, ON), "vacancy", "v")
    assert (filled["state"], free["state"], free["n_filled"]) == ("5", "1", 0)


def test_a_vacancy_that_staff_call_part_filled_is_that_since_they_did():
    history = street()
    history.decide("vacancy", "v", "2026-02-02", state="4")
    offered(history, "o", result="2")
    row = row_of(fold_contributions(history.contributions, ON), "vacancy", "v")
    assert row["history"]["state"][-1][:2] == ["2026-02-02", "4"]


def test_a_withdrawn_vacancy_stays_withdrawn_whoever_is_hired():
    history = street()
    history.decide("vacancy", "v", "2026-02-02", state="7")
    offered(history, "o", result="2")
    assert row_of(fold_contributions(history.contributions, ON), "vacancy", "v")["state"] == "7"


@pytest.mark.parametrize(("on", "state"), [("2026-03-31", "3"), ("2026-04-01", "6")])
def test_an_expired_vacancy_remembers_since_when(on, state):
    history = street(expires_on="2026-03-31")
    history.decide("vacancy", "v", "2026-02-02", state="3")
    row = row_of(fold_contributions(history.contributions, on), "vacancy", "v")
    assert (row["state"], row["published_on"]) == (state, "2026-02-02")
    assert row["refold_on"] == (date(2026, 4, 1) if state == "3" else None)
    assert row["history"]["state"][-1][1] == state


def test_an_offer_does_not_put_off_the_vacancy_s_last_day():
    history = street()
    history.contributions[-1].values.pop("expires_on")
    submission = history.submission()
    offered(history, "o", "2026-02-20")
    history.state("vacancy", "v", "2026-02-20", {}, submission=submission)
    row = row_of(fold_contributions(history.contributions, "2026-02-20"), "vacancy", "v")
    assert row["expires_on"] == "2026-03-03"


def assisted() -> History:
    """Somebody with an assistance case since 1 February."""
    history = street()
    history.state(
        "person", "p", "2026-02-01",
        {"hukou_type": "10", "hukou_area": "440106003001", "birth_date": "1970-05-01", "sex": "1",
         "work_capacity": "1", "job_willing": True, "spell.unemp_date": "2025-12-01"},
    )  # fmt: skip
    return history


def test_a_case_counts_the_offers_of_its_time_and_refusals_by_day():
    history = assisted()
    refused = {"response": "3", "refuse_reason": "1"}
    offered(history, "before", "2026-01-20", **refused)
    for name, on in (("a", "2026-03-01"), ("b", "2026-03-01"), ("c", "2026-03-02")):
        offered(history, name, on, **refused)
    offered(history, "ill", "2026-03-03", response="3", refuse_reason="5")
    offered(history, "proxy", "2026-03-04", **refused).level = 1
    result = fold_contributions(history.contributions, ON)
    (case,) = result.rows["case"]
    assert (case["offers_n"], case["refusals_n"]) == (5, 2)
    assert row_of(result, "offer", "a")["case_id"] == case["id"]
    assert row_of(result, "offer", "before")["case_id"] is None


def test_an_offer_without_a_day_is_counted_in_no_case():
    history = assisted()
    history.state(
        "offer", "o", "2026-03-01", {"response": "1"}, links={"person": "p", "vacancy": "v"}
    )
    result = fold_contributions(history.contributions, ON)
    (case,) = result.rows["case"]
    assert (case["offers_n"], row_of(result, "offer", "o")["state"]) == (0, "2")


def test_a_voided_offer_counts_for_nothing():
    history = assisted()
    offered(history, "o", result="2")
    history.decide("offer", "o", "2026-03-05", void=True)
    result = fold_contributions(history.contributions, ON)
    (case,), vacancy = result.rows["case"], row_of(result, "vacancy", "v")
    assert (result.rows["offer"], vacancy["n_filled"], case["offers_n"]) == ([], 0, 0)


def test_an_offer_of_nothing_known_is_a_row_of_its_own():
    history = street()
    history.state("offer", "o", "2026-03-01", {"channel": "1"})
    row = row_of(fold_contributions(history.contributions, ON), "offer", "o")
    assert (row["person_id"], row["vacancy_id"], row["case_id"], row["state"]) == (
        None,
        None,
        None,
        "1",
    )


def test_a_petition_has_a_number_and_a_day_by_which_it_is_answered():
    history = History()
    history.state("petition", "q", "2026-03-02", {"received_on": "2026-03-01", "topic": "1"})
    row = row_of(fold_contributions(history.contributions, ON), "petition", "q")
    assert (row["due_on"], row["urgent"]) == ("2026-03-16", False)
    assert row["case_no"].startswith("440106003001-")
    history.decide("petition", "q", "2026-03-10", state="2")
    history.decide("petition", "q", "2026-03-12", transferred_to="县局")
    row = row_of(fold_contributions(history.contributions, ON), "petition", "q")
    assert (row["state"], row["accepted_on"], row["due_on"]) == ("2", "2026-03-10", "2026-05-09")
    history.decide("petition", "q", "2026-04-01", state="3")
    row = row_of(fold_contributions(history.contributions, ON), "petition", "q")
    assert (row["state"], row["result"]) == ("3", "4")


def test_a_deadline_without_its_day_counts_from_the_move():
    history = History()
    history.state("petition", "q", "2026-03-02", {"topic": "1"})
    row = row_of(fold_contributions(history.contributions, ON), "petition", "q")
    assert row["due_on"] == "2026-03-17"


def test_intervals_are_remembered_and_claims_start_unclaimed():
    history = History()
    first = {"former_employer": "甲厂", "away_area": "440106003001"}
    history.state("retiree", "r", "2026-03-01", first, links={"person": "p"})
    history.state("retiree", "r", "2026-06-01", {"away_area": "430100000000"})
    history.state("retiree", "r", "2026-06-02", {"away_area": "430100000000"})
    history.decide("retiree", "r", "2026-07-01", away_area="430200000000")
    row = row_of(fold_contributions(history.contributions, ON), "retiree", "r")
    assert [step[1] for step in row["history"]["away_area"]] == [
        "440106003001", "430100000000", "430200000000",
    ]  # fmt: skip
    assert (row["state"], row["funeral_claim"], row["survivor_claim"]) == ("1", "5", "5")


@pytest.mark.parametrize(
    ("flags", "day"), [((), "2026-06-01"), (("no_confirmation",), "2026-01-05")]
)
def test_who_asks_at_a_window_is_not_confirmed_by_that(flags, day):
    history = street()
    history.state("person", "p", "2026-06-01", {"name": "陈一"}, flags=flags)
    row = row_of(fold_contributions(history.contributions, ON), "person", "p")
    assert row["last_confirmed_on"] == date.fromisoformat(day)
    assert ContributionFlag.NO_CONFIRMATION == "no_confirmation"


def test_values_that_cannot_accumulate_are_refused_where_they_are_declared():
    with pytest.raises(TypeError, match="make them a ledger"):
        day("享受起", "policy from", Merge.ACCUMULATE)


def test_every_state_can_be_reached():
    for (ledger, name), machine in MACHINES.items():
        reached, coming = set(), [machine.start]
        while coming:
            state = coming.pop()
            if state not in reached:
                reached.add(state)
                coming += [*machine.moves.get(state, ()), *machine.by_itself.get(state, ())]
        assert reached == set(machine.states), f"{ledger}.{name}"
    assert len(DEFINITIONS) > 20


def test_a_link_follows_the_merge_rule_of_its_column():
    history = History()
    for on, level, name in (("2026-03-01", 2, "a"), ("2026-04-01", 1, "b")):
        links = {"person": name, "employer": name, "site_visit": name}
        for family, values in (("loan", {"project": "糖水"}), ("inspection", {"kind": "1"})):
            history.state(family, "x", on, values, links=links, level=level)
    result = fold_contributions(history.contributions, ON)
    loan, inspection = row_of(result, "loan", "x"), row_of(result, "inspection", "x")
    assert loan["person_id"] == uuid_of("person a")  # M0: the first
    assert loan["site_visit_id"] == uuid_of("site_visit b")  # M1: the latest
    assert inspection["employer_id"] == uuid_of("employer a")  # M2: the better verified
    conflicts = [item for item in result.raised if item.kind is ExceptionKind.CONFLICT]
    assert [(item.family, item.column) for item in conflicts] == [("inspection", "employer")]
    first, later = history.contributions[0].id, history.contributions[2].id
    assert loan["origins"][str(first)] == ["person", "project"]
    assert loan["origins"][str(later)] == ["site_visit"]
