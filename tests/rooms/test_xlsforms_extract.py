"""The forms of xlsforms/ publish, and documents filled by their own questions become records."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from django.conf import settings

from server.forms import publication
from server.forms.xform import Node, XForm
from server.ledgers.intake.extract import records

WORKBOOKS = sorted(Path(settings.BASE_DIR, "xlsforms").glob("*.xlsx"))
NO_VISIT = frozenset({"correction", "petition_consult", "service_application", "vacancy_update"})
"""Forms about a request or a vacancy, which nobody need be at home for."""
NOWHERE = "correction"
"""The form of what another record had wrong, which is filled in wherever the phone is."""
ENTRY = "7d9f2c1e-5b7a-4c55-9f0e-1a2b3c4d5e6f"
TYPED = {
    "int": "3",
    "decimal": "1.5",
    "date": "2020-01-02",
    "dateTime": "2026-11-20T10:30:00.000+08:00",
    "geopoint": "23.1353 113.3448 1 4",
    "image": "1763600000000.jpg",
}
BY_CONVERSION = {
    "id_no": "449901196501010016",
    "phone": "020-00001234",
    "uscc": "91110000600037341L",
    "area": "440106003001",
    "entry_id": ENTRY,
    "date": "2020-01-02",
    "instant": "2026-11-20T10:30:00.000+08:00",
    "integer": "3",
    "decimal": "1.5",
    "boolean": "1",
    "point": "23.1353 113.3448 1 4",
}


@pytest.fixture(scope="module", params=WORKBOOKS, ids=lambda path: path.stem)
def prepared(request) -> publication.Prepared:
    return publication.prepare(
        content=request.param.read_bytes(), filename=request.param.name, media={}, validate=False
    )


def answers(form: XForm, mapping: dict) -> dict[str, str]:
    """An answer for each question, fit for the columns it goes to."""
    from server.core.codes import code_lists

    chosen = {}
    for node in form.nodes:
        if node.kind != "question" or node.path.startswith("/data/meta"):
            continue
        targets = mapping["questions"].get(node.path, [])
        conversion, codes = (targets[0][2], targets[0][3]) if targets else ("", "")
        if node.type in TYPED:
            chosen[node.path] = TYPED[node.type]
        elif node.list in form.choices:
            chosen[node.path] = next(iter(form.choices[node.list]))
        elif conversion in ("code", "codes"):
            chosen[node.path] = next(iter(code_lists()[codes].codes))
        elif node.path == mapping["head"].get("area_code"):
            chosen[node.path] = BY_CONVERSION["area"]
        elif node.path == mapping["head"].get("met_whom"):
            chosen[node.path] = "1"
        else:
            chosen[node.path] = BY_CONVERSION.get(conversion, "石牌东路1号")
    return chosen


def document(form: XForm, chosen: dict[str, str], repeats: int) -> bytes:
    inside: dict[str, list[Node]] = {}
    for node in form.nodes:
        inside.setdefault(node.path.rpartition("/")[0], []).append(node)

    def content(path: str) -> Iterator[str]:
        for node in inside.get(path, []):
            if node.kind == "question":
                yield f"<{node.name}>{chosen.get(node.path, '')}</{node.name}>"
            else:
                times = repeats if node.kind == "repeat" else 1
                yield f"<{node.name}>{''.join(content(node.path))}</{node.name}>" * times

    meta = "<meta><instanceID>uuid:1</instanceID></meta>"
    return f'<data id="{form.form_id}">{"".join(content("/data"))}{meta}</data>'.encode()


def test_the_forms_say_when_where_and_for_which_community(prepared):
    here = set() if prepared.form.form_id == NOWHERE else {"loc"}
    assert {"observed_at", "area_code"} | here <= set(prepared.mapping["head"])
    ledgers = {kind["ledger"] for kind in prepared.mapping["records"]}
    assert ("visit" in ledgers) == (prepared.form.form_id not in NO_VISIT)


def test_every_question_reaches_its_column(prepared):
    form, mapping = prepared.form, prepared.mapping
    chosen = answers(form, mapping)
    extracted = records(document(form, chosen, repeats=3), mapping, date(2026, 11, 23))
    assert extracted.problems == []
    assert extracted.head.area_code == "440106003001"
    for index, kind in enumerate(mapping["records"]):
        found = [record for record in extracted.records if record.ledger == kind["ledger"]]
        wanted = {
            column
            for targets in mapping["questions"].values()
            for target, column, *_rest in targets
            if target == index and column != "id"
        }
        assert len(found) == (0 if not wanted else 3 if kind["repeat"] else 1)
        for record in found:
            assert wanted <= set(record.values)
            assert record.keys[0].kind == kind["keys"][0]


def test_an_empty_document_moves_no_ledger(prepared):
    empty = document(prepared.form, {}, repeats=1)
    assert records(empty, prepared.mapping, date(2026, 11, 23)).records == []
