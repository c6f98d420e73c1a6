"""Entity lists of the office's own: forms make and change entities, and phones get them."""

from __future__ import annotations

import pytest

from server.datasets.models import Dataset, EntityVersion, Unapplied
from tests.conftest import COMMUNITY, OTHER_STREET_COMMUNITY
from tests.factories.field import Field
from tests.factories.own_lists import (
    BRANCH,
    OAK,
    PEOPLE,
    REGISTER,
    TREE,
    VISIT,
    deleted,
    household_of,
    listed,
    publish,
    registered,
    visited,
)
from tests.factories.submissions import make_phone

pytestmark = pytest.mark.django_db


@pytest.fixture
def trees(people: Field) -> Field:
    publish(people, REGISTER, VISIT)
    return people


def review(people: Field, instance_id: str, state: str) -> None:
    from server.submissions.drain import drain_now

    answer = people.administrator.post(
        f"/api/v1/submissions/{instance_id}/review/",
        {"state": state, "reason": "look"},
        content_type="application/json",
    )
    assert answer.status_code < 300, answer.content
    drain_now()


def test_a_form_makes_its_list_and_fills_it(trees: Field) -> None:
    before = listed(trees.phone)
    assert (before["kind"], before["rows"]) == ("entityList", {})
    trees.taken(registered(height="3", area=COMMUNITY))
    after = listed(trees.phone)
    assert after["hash"] != before["hash"]
    assert after["rows"] == {
        TREE: {
            "name": TREE, "label": "Ficus", "__version": "1", "species": "Ficus", "height": "3",
            "area": COMMUNITY, "health": "",
        }
    }  # fmt: skip
    assert listed(trees.phone)["hash"] == after["hash"]
    trees.taken(visited(height="4", health="good"))
    row = listed(trees.phone)["rows"][TREE]
    assert (row["__version"], row["height"], row["health"], row["label"]) == (
        "2",
        "4",
        "good",
        "Ficus",
    )


def test_records_of_repeats_make_entities(people: Field) -> None:
    publish(people, PEOPLE, {**VISIT, "survey": VISIT["survey"].replace("trees", "people"),
                             "entities": VISIT["entities"].replace("trees", "people")})  # fmt: skip
    people.taken(household_of((TREE, "Chen"), (OAK, "Li")))
    rows = listed(people.phone, name="people")["rows"]
    assert {row["full_name"] for row in rows.values()} == {"Chen", "Li"}


def test_an_offline_branch_ends_the_same_in_any_order(trees: Field) -> None:
    trees.taken(registered(height="3"))
    trees.taken(visited(base=2, trunk=1, branch=BRANCH, height="5"))
    trees.taken(visited(base=1, trunk=1, branch=BRANCH, height="4", health="good"))
    row = listed(trees.phone)["rows"][TREE]
    assert (row["height"], row["health"], row["__version"]) == ("5", "good", "3")
    assert set(EntityVersion.objects.values_list("conflict", flat=True)) == {""}


def test_an_update_waits_for_the_creation_that_it_overtook(trees: Field) -> None:
    trees.taken(visited(branch=BRANCH, height="4"))
    assert Unapplied.objects.get().fault == "unknown"
    assert not deleted(trees.phone)
    trees.taken(registered(height="3"))
    assert listed(trees.phone)["rows"][TREE]["height"] == "4"
    assert not Unapplied.objects.exists()


def test_two_phones_that_disagree(trees: Field) -> None:
    trees.taken(registered(height="3"))
    trees.taken(visited(base=1, health="good"))
    trees.taken(visited(base=1, height="4"))  # another property
    trees.taken(visited(base=2, height="5"))
    versions = list(EntityVersion.objects.values_list("conflict", "conflicting"))
    assert versions == [("", []), ("", []), ("soft", []), ("hard", ["height"])]
    assert listed(trees.phone)["rows"][TREE]["height"] == "5"


def test_what_a_record_gave_goes_and_comes_with_it(trees: Field) -> None:
    made, changed = trees.taken(registered(height="3")), trees.taken(visited(height="4"))
    review(trees, changed, "rejected")
    row = listed(trees.phone)["rows"][TREE]
    assert (row["height"], row["__version"]) == ("3", "3")
    review(trees, changed, "approved")
    assert listed(trees.phone)["rows"][TREE]["height"] == "4"
    review(trees, made, "rejected")
    assert listed(trees.phone)["rows"] == {}
    assert deleted(trees.phone)
    review(trees, made, "approved")
    assert listed(trees.phone)["rows"][TREE]["height"] == "4"
    assert not deleted(trees.phone)


def test_a_corrected_record_stands_where_it_stood(trees: Field) -> None:
    trees.taken(registered(height="3"))
    first = trees.taken(visited(height="4", health="poor", iid="uuid:first"))
    trees.taken(visited(base=2, health="good"))
    trees.taken(visited(edits=first, height="6", health="bad"))
    row = listed(trees.phone)["rows"][TREE]
    assert (row["height"], row["health"], row["__version"]) == ("6", "good", "4")
    trees.send(visited(edits=first, height="6", health="bad"))
    assert listed(trees.phone)["rows"][TREE]["__version"] == "4"


def test_a_list_is_shared_until_a_property_holds_the_area(trees: Field) -> None:
    here, there = make_phone("here", COMMUNITY), make_phone("there", OTHER_STREET_COMMUNITY)
    trees.taken(registered(area=COMMUNITY))
    assert TREE in listed(here)["rows"]
    assert TREE in listed(there)["rows"]
    before = listed(there)["hash"]
    Dataset.objects.update(area_property="area")
    from server.accounts.models import User
    from server.core.clock import now
    from server.datasets import declaring

    dataset = Dataset.objects.get()
    Dataset.objects.update(area_property="")
    actor = User.objects.get(username="administrator-")
    declaring.set_up(dataset=dataset, actor=actor, at=now(), area_property="area")
    assert TREE in listed(here)["rows"]
    assert listed(there)["rows"] == {}
    assert listed(there)["hash"] != before


def test_a_phone_of_another_area_changes_nothing(trees: Field) -> None:
    from django.test import Client

    from server.accounts.models import User
    from server.core.clock import now
    from server.datasets import declaring
    from server.submissions.drain import drain_now

    actor = User.objects.get(username="administrator-")
    declaring.set_up(dataset=Dataset.objects.get(), actor=actor, at=now(), area_property="area")
    trees.taken(registered(area=COMMUNITY, height="3"))
    stranger = Field(trees.administrator, make_phone("there", OTHER_STREET_COMMUNITY), Client())
    stranger.taken(visited(height="9"))
    stranger.taken(registered(OAK, area=COMMUNITY))
    drain_now()
    assert set(Unapplied.objects.values_list("fault", flat=True)) == {"outside"}
    rows = listed(trees.phone)["rows"]
    assert (list(rows), rows[TREE]["height"]) == ([TREE], "3")


def test_a_list_that_needs_approval_gets_its_entities_then(trees: Field) -> None:
    Dataset.objects.update(needs_approval=True)
    made = trees.taken(registered())
    assert listed(trees.phone)["kind"] == "approvalEntityList"
    assert listed(trees.phone)["rows"] == {}
    review(trees, made, "approved")
    assert TREE in listed(trees.phone)["rows"]


def test_an_entity_of_a_record_that_is_rejected_first_leaves_its_phone(trees: Field) -> None:
    Dataset.objects.update(needs_approval=True)
    made = trees.taken(registered())
    assert not deleted(trees.phone)
    review(trees, made, "rejected")
    assert deleted(trees.phone)
    review(trees, made, "approved")
    assert TREE in listed(trees.phone)["rows"]


def test_faulty_blocks_are_noted_and_their_records_kept(trees: Field) -> None:
    trees.taken(registered("no-uuid"))
    trees.taken(registered(label=""))
    trees.taken(registered())
    trees.taken(registered())
    faults = sorted(Unapplied.objects.values_list("fault", flat=True))
    assert faults == ["exists", "no_label", "no_uuid"]


def test_personal_numbers_stay_from_phones_and_masks_change_nothing(trees: Field) -> None:
    trees.taken(registered(label="Chen 449900196501010017", height="3"))
    row = listed(trees.phone)["rows"][TREE]
    assert row["label"] == "Chen 4499**************"
    trees.taken(visited(height="4", species=row["species"]))
    from server.datasets.models import Entity

    assert Entity.objects.get().values["species"] == "Chen 449900196501010017"


def test_a_property_with_other_capitals_is_refused(trees: Field) -> None:
    other = {
        **REGISTER,
        "survey": REGISTER["survey"].replace("Height|height", "Height|Height"),
        "settings": "form_id|version|form_title\nother|1|Other",
    }
    answer = trees.publish(other)
    assert answer.status_code == 400
    assert [(fault["sheet"], fault["row"]) for fault in answer.json()["faults"]] == [("survey", 3)]


def test_what_is_erased_from_records_is_erased_from_entities(trees: Field, make_user) -> None:
    from server.accounts.access import access_of
    from server.core.clock import now
    from server.erasure import services as erasure
    from server.submissions.drain import drain_now
    from server.submissions.models import Submission

    trees.taken(registered(height="3"))
    changed = trees.taken(visited(height="4", health="poor"))
    chief, second = (make_user(name, role="administrator", area="") for name in ("chief", "second"))
    asked = erasure.ask_for_submission(
        submission=Submission.objects.get(instance_id=changed), cause="error", reason="look",
        user=chief, access=access_of(chief), at=now(),
    )  # fmt: skip
    erasure.consent(erasure=asked, user=second, access=access_of(second), at=now())
    drain_now()
    row = listed(trees.phone)["rows"][TREE]
    assert (row["height"], row["health"]) == ("3", "")
    given = EntityVersion.objects.order_by("version").values_list("given", flat=True)
    assert [item.get("height", "") for item in given] == ["3", "", ""]


def test_restricted_answers_are_not_saved_to_lists(people: Field) -> None:
    sheets = {
        "survey": [
            ["type", "name", "label", "save_to", "bind::ruhu:restricted"],
            ["text", "mood", "Mood", "mood", "yes"],
        ],
        "entities": "list_name|label\ntrees|${mood}",
        "settings": [
            ["form_id", "version", "form_title", "namespaces"],
            ["moods", "1", "Moods", 'ruhu="urn:ruhu:xforms"'],
        ],
    }
    answer = people.publish(sheets)
    assert answer.status_code == 400
    assert [(fault["sheet"], fault["row"]) for fault in answer.json()["faults"]] == [("survey", 2)]


def test_two_spellings_of_a_property_in_one_form_are_refused_with_their_row(people: Field) -> None:
    """The list is new: the second spelling is measured by the row above it."""
    answer = people.publish(
        {
            "survey": "type|name|label|save_to\ntext|a|A|Girth\ntext|b|B|girth",
            "entities": "list_name|label\nwells|${a}",
            "settings": "form_id|version\nwells|1",
        }
    )
    assert answer.status_code == 400, answer.content
    (fault,) = answer.json()["faults"]
    assert (fault["sheet"], fault["row"]) == ("survey", 3)
    assert "Girth" in fault["remedy"]
    assert not Dataset.objects.filter(name="wells").exists()
