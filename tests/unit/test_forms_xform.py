"""What is read from an XForm."""

from __future__ import annotations

import pytest
from pyxform.xls2xform import convert

from server.core.xml import BadXml
from server.forms import xform
from tests.samples import xlsforms


@pytest.fixture(scope="module")
def form() -> xform.XForm:
    content = xlsforms.workbook(xlsforms.HOUSEHOLD)
    return xform.read(convert(content, file_type=".xlsx", form_name="data").xform.encode())


def test_id_version_and_title_are_read(form):
    assert (form.form_id, form.version, form.title, form.root) == (
        "household",
        "2026112301",
        "入户调查",
        "data",
    )
    assert form.has_instance_id
    assert form.files == ("households.csv",)


def test_nodes_come_in_form_order_once_each_with_labels_in_both_languages(form):
    paths = [node.path for node in form.nodes]
    assert len(paths) == len(set(paths))
    assert (
        paths.index("/data/place") < paths.index("/data/place/loc") < paths.index("/data/members")
    )
    nodes = {node.path: node for node in form.nodes}
    assert nodes["/data/members"].kind == "repeat"
    assert nodes["/data/place"].kind == "group"
    assert nodes["/data/members"].label == {"zh": "成员", "en": "Members"}
    assert nodes["/data/members/edu"].label == {"zh": "…的学历", "en": "Education of …"}
    assert nodes["/data/members/work/land"].repeats == ("/data/members",)
    assert nodes["/data/members/work/land"].depth == 2
    assert nodes["/data/members/edu"].saveto == "person.edu"


@pytest.mark.parametrize(
    ("path", "type_", "list_"),
    [
        ("/data/start", "dateTime", ""),
        ("/data/pick", "select_one", "households"),
        ("/data/hh_id", "calculate", ""),
        ("/data/outcome", "select_one", "VO"),
        ("/data/place/loc", "geopoint", ""),
        ("/data/place/address", "text", ""),
        ("/data/n_hukou", "int", ""),
        ("/data/members/birth", "date", ""),
        ("/data/members/insurance", "select_multiple", "INS"),
        ("/data/members/work/land", "decimal", ""),
        ("/data/signature", "image", ""),
        ("/data/meta/audit", "audit", ""),
    ],
)
def test_question_types_are_those_of_bind_and_control(form, path, type_, list_):
    node = next(node for node in form.nodes if node.path == path)
    assert (node.kind, node.type, node.list) == ("question", type_, list_)


def test_file_questions_are_found_by_bind_and_choices_by_list(form):
    assert form.binary_paths == ["/data/signature", "/data/meta/audit"]
    assert form.choices["EDU"]["20"] == {"zh": "本科", "en": "bachelor"}
    assert form.as_questions()["binary"] == form.binary_paths


def test_a_form_in_one_language_serves_both():
    content = xlsforms.workbook("""
    | survey |
    | | type | name | label |
    | | select_one c | a | Frage |
    | | text | b | <b>B</b> |
    | choices |
    | | list_name | name | label |
    | | c | x | Eins |
    | settings |
    | | form_id | form_title | version |
    | | f | F | 1 |
    """)
    form = xform.read(convert(content, file_type=".xlsx", form_name="data").xform.encode())
    assert form.nodes[0].label == {"zh": "Frage", "en": "Frage"}
    assert form.choices["c"]["x"] == {"zh": "Eins", "en": "Eins"}


def test_what_clients_cannot_read_is_refused():
    good = convert(xlsforms.workbook(xlsforms.HOUSEHOLD), file_type=".xlsx", form_name="data").xform
    with pytest.raises(xform.BadXForm):
        xform.read(b"\xef\xbb\xbf" + good.encode())
    with pytest.raises(BadXml):
        xform.read(good.replace("?>", "?><!DOCTYPE html>", 1).encode())
    for useless in (b"<a/>", b"<html><model/><body/></html>"):
        with pytest.raises(xform.BadXForm):
            xform.read(useless)
