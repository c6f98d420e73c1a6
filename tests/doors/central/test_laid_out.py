"""Answers that were laid out for an export are kept, and never shown where they are no longer right (decision 0388)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from server.central import layouts, sheets, tables
from server.central.schema import Schema, schema_of
from server.core.clock import now
from server.core.sealing import seal_document
from tests.conftest import COMMUNITY, STREET
from tests.doors.central.client import FORM, MEMBERS, TABLE, get, table
from tests.factories.console import ID_NO, make_submission
from tests.factories.permits import permitted

EXPORTS = (
    f"{FORM}/submissions.csv", f"{FORM}.svc/Submissions", f"{MEMBERS}", f"{FORM}.svc/Submissions?$expand=*",
    f"{FORM}.svc/Submissions?$select=outcome,__id", f"{FORM}/submissions.geojson",
)  # fmt: skip


def exported(client: Any) -> list[str]:
    """What each kind of export gives."""
    answers = [get(client, path) for path in EXPORTS]
    assert {answer.status_code for answer in answers} == {200}
    return [answer.getvalue().decode() for answer in answers]


def test_a_later_export_is_the_same_and_reads_no_document(street, asking, statements):
    client = asking()
    first = exported(client)
    assert '"outcome":"1"' in first[1]
    statements.clear()
    assert exported(client) == first
    assert not [text for text in map(str, statements) if '"document"' in text]


def test_each_clearance_has_its_own(street, asking):
    client, county = asking(), asking("county", area="440106")
    masked = exported(client)
    permit = permitted(f"street-{STREET}")
    whole = exported(client)
    assert not any(ID_NO in text for text in masked)
    assert ID_NO in whole[2]
    assert not any(ID_NO in text for text in exported(county))
    permit.delete()
    assert exported(client) == masked


def test_what_a_new_version_restricts_is_not_shown_from_before(street, asking):
    from server.forms.models import FormVersion

    client = asking()
    permitted(f"street-{STREET}")
    assert "陈大文" in exported(client)[2]
    version = FormVersion.objects.get(pk=street.form.current_version_id)
    named = next(path for path in version.mapping["questions"] if path.endswith("/name"))
    version.mapping["restricted"] = [named]
    version.save()
    assert not any("陈大文" in text for text in exported(client))


def test_an_edit_is_exported_with_its_own_answers(street, asking):
    from server.submissions.models import SubmissionVersion

    client = asking()
    exported(client)
    version = street.submission.current_version
    edited = SubmissionVersion.objects.get(pk=version.pk)
    edited.pk, edited.instance_id, edited.deprecated_id = None, "uuid:1-edit", "uuid:1"
    edited.document = seal_document(written(version).replace(b"<outcome>1<", b"<outcome>2<"))
    edited.save()
    street.submission.current_version = edited
    street.submission.save()
    (row,) = table(client, TABLE)["value"]
    assert (row["outcome"], row["__system"]["edits"]) == ("2", 1)


def test_nothing_is_kept_of_a_document_that_was_altered_or_erased_meanwhile(street, asking):
    """Whoever erases waits for the record's lock; the statement that keeps a layout looks at the document once more."""
    from server.submissions.models import LaidOutAnswers, SubmissionVersion
    from server.submissions.services.erasing import erase_submission
    from server.submissions.services.laying_out import NewLayout, keep_layouts

    version = street.submission.current_version
    stale = NewLayout(street.submission.pk, version.pk, b"digest", b"[]", b"another hash")
    keep_layouts([stale], 0)
    assert not LaidOutAnswers.objects.exists()
    exported(asking())
    assert LaidOutAnswers.objects.exists()
    erase_submission(street.submission.pk, at=now())
    assert not LaidOutAnswers.objects.filter(submission=street.submission).exists()
    assert not SubmissionVersion.objects.get(pk=version.pk).document


def test_a_batch_of_several_areas_and_clearances_keeps_its_order(street, asking):
    boss = asking("administrator", area="440106")
    for number in range(3, 9):
        make_submission(street.form, street.worker, COMMUNITY, f"uuid:{number}")
    permitted("administrator-440106", area=STREET)
    rows = [row["__id"] for row in table(boss)["value"]]
    assert rows == [f"uuid:{number}" for number in range(8, 0, -1)]
    assert [row["__id"] for row in table(boss)["value"]] == rows


def written(version: Any) -> bytes:
    """The document of a version."""
    from server.submissions.selectors import document_of

    return document_of(version)


SCHEMA = schema_of(
    {
        "items": [
            {"path": f"/data{path}", "name": path.rpartition("/")[2], "kind": kind, "type": type_}
            for path, kind, type_ in (
                ("/a", "question", "text"), ("/p", "question", "geopoint"), ("/g", "group", ""),
                ("/g/b", "question", "int"), ("/g/r", "repeat", ""), ("/g/r/c", "question", "text"),
                ("/g/r/h", "group", ""), ("/g/r/h/s", "repeat", ""), ("/g/r/h/s/d", "question", "text"),
            )
        ]
    }
)  # fmt: skip
CHAIN = SCHEMA.tables["Submissions.g.r"]
DEEP = SCHEMA.tables["Submissions.g.r.h.s"]


def rows_of(schema: Schema, name: str, level: Any) -> list[tables.Row]:
    chain = schema.tables[name]
    return list(tables.table(schema.fields, chain, schema.columns(name)).rows(level, "uuid:1"))


def test_repetitions_count_wherever_they_stand_and_keep_ids_of_their_own():
    """A group that stands twice in a document, as no form writes it: the first answers count, and no two rows have one id."""
    root = etree.fromstring(
        "<data><a>1</a><a>2</a><g><b>3</b><r><c>x</c><h><s><d>m</d></s></h></r></g><g><b>4</b><r><c>y</c></r></g></data>"
    )
    level = layouts.lay_out(root, SCHEMA.fields)
    assert level[:3] == ["1", "", "3"]
    rows = rows_of(SCHEMA, "Submissions.g.r", level)
    assert [row.values["c"] for row in rows] == ["x", "y"]
    assert len({row.id for row in rows}) == 2
    lines = list(sheets.Sheet(SCHEMA, "Submissions.g.r").repeat_lines(level, "uuid:1"))
    assert lines == [["x", "uuid:1", "uuid:1/g/r[1]"], ["y", "uuid:1", "uuid:1/g/r[2]"]]
    (deep,) = sheets.Sheet(SCHEMA, "Submissions.g.r.h.s").repeat_lines(level, "uuid:1")
    assert deep == ["m", "uuid:1/g/r[1]", "uuid:1/g/r[1]/h/s[1]"]
    (row,) = rows_of(SCHEMA, "Submissions.g.r.h.s", level)
    assert row.parent == rows[0].id


texts = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=8)


@given(texts, texts, st.lists(st.tuples(texts, st.lists(texts, max_size=2)), max_size=3))
def test_what_is_packed_is_read_again(a: str, b: str, repetitions: list[Any]):
    level = [a, "23.1 113.3 5 3", b, [[c, [[d] for d in below]] for c, below in repetitions]]
    sheet = sheets.Sheet(SCHEMA, "Submissions")
    cells = sheets.as_csv(sheet.cells(level))
    packed = layouts.packed(level, ["f.jpg"], cells, '"a":1')
    layout = layouts.Layout(packed)
    assert (layout.level, layout.cells, layout.properties) == (level, cells, '"a":1')
    assert layout.files_named == {"f.jpg"}
    assert sum(len(below) for _c, below in repetitions) == len(
        rows_of(SCHEMA, "Submissions.g.r.h.s", layout.level)
    )


@pytest.mark.parametrize(
    ("cells", "line"), [([], ""), ([""], ","), (["a,b", 'c"'], '"a,b","c""",')]
)
def test_cells_begin_a_line(cells: list[str], line: str):
    assert sheets.as_csv(cells) == line
