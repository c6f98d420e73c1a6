"""Questions and groups that bear the names of elements of XForms."""

from __future__ import annotations

import uuid

import pytest
from django.core.management import call_command

from server.forms.models import FormVersion
from server.ledgers.refolding.rebuild import rebuild
from server.submissions.drain import drain_now
from tests.factories.field import Field, instance
from tests.factories.ledgers import id_number

pytestmark = pytest.mark.django_db(transaction=True)

LEDGERS = [
    ["household", "", "id", ""],
    ["person", "members", "id_no", "member_of=household"],
    ["visit", "", "instance", "household"],
]


def ledger_form(people: Field, extra: list[list[str]]) -> str:
    return people.ledger_form(
        f"led_{uuid.uuid4().hex[:6]}",
        [
            ["dateTime", "at", "When", "head.observed_at visit.visited_at"],
            ["text", "code", "Code", "head.area_code"],
            ["text", "hid", "H", "household.id"],
            ["text", "address", "Address", "household.address"],
            *extra,
            ["begin repeat", "members", "Members", "person"],
            ["text", "name", "Name", "person.name"],
            ["text", "id_no", "ID", "person.id_no"],
            ["end repeat", "", "", ""],
        ],
        LEDGERS,
    )


def filled(form: str, household: str, own: str) -> bytes:
    members = "".join(
        f"<members><name>人{n}</name><id_no>{id_number('1970-01-01', n)}</id_no></members>"
        for n in range(3)
    )
    return instance(
        form,
        f"<at>2026-11-20T10:00:00+08:00</at><code>440106003001</code><hid>{household}</hid>"
        f"<address>A</address>{own}{members}",
    )


def members(people: Field, household: str) -> list[str]:
    body = people.administrator.get(f"/api/v1/households/{household}/").json()
    return sorted(member["name"] for member in body.get("members", []))


NAMES = [
    "body",
    "model",
    "item",
    "title",
    "head",
    "submission",
    "bind",
    "itext",
    "group",
    "repeat",
    "select1",
]


@pytest.mark.parametrize("kind", ["text", "group"])
def test_every_member_reaches_the_ledger_whatever_questions_and_groups_are_called(
    people: Field, kind: str
) -> None:
    extra, own = [], ""
    for name in NAMES:
        if kind == "text":
            extra.append(["text", name, "Q", ""])
            own += f"<{name}>v</{name}>"
        else:
            extra += [
                ["begin group", name, "G", ""],
                ["text", f"q_{name}", "Q", ""],
                ["end group", "", "", ""],
            ]
            own += f"<{name}><q_{name}>v</q_{name}></{name}>"
    form, household = ledger_form(people, extra), str(uuid.uuid4())

    people.taken(filled(form, household, own))

    assert members(people, household) == ["人0", "人1", "人2"]


def test_types_and_labels_survive_such_names(people: Field) -> None:
    form = people.form(
        "type|name|label\ntext|body|The body\nimage|p|Photo\nselect_one l|c|Choice\n"
        "begin repeat|r|R\ntext|x|X\nend repeat||",
        choices="list_name|name|label|item|itextId\nl|a|Apple|i|t\nl|b|Bear|j|u",
    )
    iid = people.taken(instance(form, "<body>b</body><p/><c>b</c><r><x>1</x></r><r><x>2</x></r>"))

    kinds = {one["name"]: one["type"] for one in people.central(f"/forms/{form}/fields").json()}
    assert (kinds["p"], kinds["body"], kinds["r"]) == ("binary", "string", "repeat")
    assert [row["x"] for row in people.rows(form, "Submissions.r")] == ["1", "2"]
    shown = {a["path"].split("/")[-1]: a for a in people.record(iid).json()["answers"]}
    assert shown["body"]["label"] == "The body"
    assert shown["c"]["value"] == "Bear"


def test_a_form_that_was_read_wrongly_is_read_again_and_its_records_folded_again(
    people: Field, capsys
) -> None:
    form, household = ledger_form(people, [["text", "body", "Q", ""]]), str(uuid.uuid4())
    right = FormVersion.objects.get(form__form_id=form)
    wrong = {
        **right.mapping,
        "repeats": [],
        "records": [{**kind, "repeat": False} for kind in right.mapping["records"]],
        "digest": "read by the first reader",
    }
    FormVersion.objects.filter(pk=right.pk).update(
        reader=1, mapping=wrong, questions={"items": [], "choices": {}, "binary": []}
    )
    people.taken(filled(form, household, "<body>v</body>"))
    assert len(members(people, household)) < 3

    call_command("retry")
    from server.ledgers.refolding import merging

    merging._mappings.clear()  # the worker starts after the command
    drain_now()

    assert members(people, household) == ["人0", "人1", "人2"]
    again = FormVersion.objects.get(pk=right.pk)
    assert (again.mapping, again.questions) == (right.mapping, right.questions)
    from datetime import date

    report = rebuild(area="", keep=False, as_of=date(2026, 11, 27), progress=lambda *_: None)
    assert report.differences == []
    call_command("retry")
    assert "0 form versions" in capsys.readouterr().out
