"""Spoiled workbooks: published as pyxform would, or refused with sheet and row; never anything else."""

from __future__ import annotations

import os
import random
import tempfile
from pathlib import Path

import pytest
from pyxform.xls2xform import convert

from server.forms.models import FormVersion
from tests.factories.field import Field, book
from tests.factories.mutated import mutated
from tests.samples import xlsforms

SMALL = [
    xlsforms.workbook(xlsforms.HOUSEHOLD),
    book(
        {
            "survey": [
                ["type", "name", "label", "relevant", "calculation", "save_to"],
                ["text", "a", "A", "", "", ""],
                ["select_one YN", "b", "B", "${a} = '1'", "", ""],
                ["begin repeat", "r", "R", "", "", ""],
                ["calculate", "c", "", "", "${a}", "building"],
                ["end repeat", "", "", "", "", ""],
                ["integer", "body", "Body", "", "", ""],
            ],
            "choices": "list_name|name|label\nYN|1|Yes\nYN|0|No",
            "settings": "form_id|version|form_title\nfuzz|1|Fuzz",
            "entities": "list_name|label\nhouseholds|${c}",
        }
    ),
]
LARGE = [path.read_bytes() for path in sorted(xlsforms.COMMITTED.glob("*.xlsx"))]


def check(people: Field, seed: int, content: bytes) -> str:
    spoiled = mutated(content, random.Random(seed))
    answer = people.publish(spoiled)
    assert answer.status_code in (200, 201, 400, 409, 413), (seed, answer.status_code)
    body = answer.json()
    if answer.status_code in (200, 201):
        version = FormVersion.objects.get(form__form_id=body["form_id"], version=body["version"])
        try:
            with tempfile.TemporaryDirectory() as folder:
                sent = (
                    Path(folder) / "form.xlsx"
                )  # as published: a form without form_id has its name
                sent.write_bytes(spoiled)
                own = convert(xlsform=sent, form_name="data", warnings=[])
        except AttributeError:  # a header that is a number or a time: pyxform strips it as text
            return "published, where pyxform crashes"
        assert bytes(version.xform).decode() == own.xform, seed
        return "published"
    if body["type"].endswith("faulty-workbook"):
        for fault in body["faults"]:
            assert all(fault[key] for key in ("fault", "remedy", "sheet")), (seed, fault)
            is_missing = "Add a sheet" in fault["remedy"]
            assert fault["row"] or is_missing, (seed, fault)
        return "refused"
    return str(body["type"])


def run(people: Field, seeds: range, contents: list[bytes]) -> dict[str, int]:
    people.administrator.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    outcomes: dict[str, int] = {}
    for seed in seeds:
        outcome = check(people, seed, contents[seed % len(contents)])
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
        FormVersion.objects.all().update(workbook_sha256=b"")  # the same bytes are new again
    return outcomes


@pytest.mark.django_db
def test_spoiled_workbooks_are_published_as_pyxform_would_or_refused(people: Field) -> None:
    outcomes = run(people, range(40), SMALL)
    assert set(outcomes) >= {"published", "refused"}


@pytest.mark.long
@pytest.mark.django_db
def test_five_thousand_spoiled_workbooks(people: Field) -> None:
    first = int(os.environ.get("TESTS_FIRST_SEED", "1000"))
    count = int(os.environ.get("TESTS_SEEDS", "5000"))
    outcomes = run(people, range(first, first + count - count // 20), SMALL)
    outcomes |= {f"large {key}": n for key, n in run(people, range(count // 20), LARGE).items()}
    print(outcomes)
