"""Publishing: all or nothing, versions never change, old versions stay."""

from __future__ import annotations

import hashlib
import io
import shutil
import time
from concurrent.futures import ThreadPoolExecutor

import openpyxl
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import translation

from server.core import blobs
from server.forms import selectors, services, validation
from server.forms.models import Form, FormAudience, FormMedia, FormVersion
from server.forms.problems import (
    FaultyWorkbook,
    MissingMedia,
    NoSuchForm,
    NotAWorkbook,
    VersionExists,
    WorkbookTooLarge,
)
from tests.conftest import COMMUNITY, OTHER_COMMUNITY, STREET
from tests.samples import xlsforms

pytestmark = pytest.mark.django_db

PLAIN = """
| survey |
| | type | name | label | media::image |
| | text | a | A | |
| settings |
| | form_id | form_title | version |
| | plain | Plain | 1 |
"""


def publish(content: bytes, **given) -> FormVersion:
    given = {"filename": "f.xlsx", "publisher": None, "validate": False, **given}
    return services.publish(workbook=content, **given)


def everything() -> tuple:
    return (
        list(Form.objects.order_by("pk").values_list()),
        list(FormVersion.objects.order_by("pk").values_list("pk", "md5", "version")),
        FormMedia.objects.count(),
    )


def test_a_form_is_published_with_its_bytes_hash_mapping_and_lists(make_user):
    content = xlsforms.workbook(xlsforms.HOUSEHOLD)
    administrator = make_user("root", role="administrator", area="")
    version = publish(content, publisher=administrator)
    version.refresh_from_db()
    assert (version.form.form_id, version.version) == ("household", "2026112301")
    assert version.title == version.form.title == "入户调查"
    assert hashlib.md5(version.xform, usedforsecurity=False).hexdigest() == version.md5
    assert bytes(version.xform).startswith(b'<?xml version="1.0"?>')
    assert version.form.current_version == version
    assert version.mapping["head"]["loc"] == "/data/place/loc"
    assert version.questions["choices"]["EDU"]["10"]["zh"] == "研究生"
    assert version.published_by == administrator
    assert blobs.read(version.workbook_sha256) == content
    assert [(media.filename, media.kind) for media in selectors.media_of(version)] == [
        ("households.csv", "entity_list")
    ]
    assert list(version.form.audience.values_list("area", "user")) == [("", None)]


def test_the_same_workbook_again_changes_nothing(django_assert_max_num_queries):
    content = xlsforms.workbook(xlsforms.HOUSEHOLD)
    first = services.publish_workbook(
        workbook=content, filename="f.xlsx", publisher=None, validate=False
    )
    before = everything()
    with django_assert_max_num_queries(2):
        again = services.publish_workbook(workbook=content, filename="f.xlsx", publisher=None)
    assert (first.is_new, again.is_new) == (True, False)
    assert again.form_version == first.form_version
    assert everything() == before


def test_the_workbook_saved_again_without_a_change_is_the_same_version():
    content = xlsforms.workbook(xlsforms.HOUSEHOLD)
    version = publish(content)
    book = openpyxl.load_workbook(io.BytesIO(content))
    book["survey"].column_dimensions["A"].width = 40
    stream = io.BytesIO()
    book.save(stream)
    assert stream.getvalue() != content
    assert publish(stream.getvalue()) == version


@pytest.mark.parametrize("name", ["households", "trees"])
def test_a_form_that_names_an_unknown_entity_list_makes_it_and_says_so(name):
    from server.datasets.models import Dataset

    entities = f"""
| entities |
| | list_name | label |
| | {name} | ${{a}} |
"""
    content = xlsforms.workbook(PLAIN.replace("| media::image", "") + entities)
    warnings = " ".join(publish(content).warnings)
    is_new = name == "trees"
    assert ("“trees”" in warnings) == is_new
    assert Dataset.objects.filter(name=name).exists() == is_new


def test_an_answer_cannot_go_to_a_ledger_and_to_a_list_from_one_question():
    """pyxform would keep only save_to, and the ledger's column would stay empty without a warning."""
    form = """
| survey |
| | type | name | label | bind::ruhu:saveto | calculation | save_to |
| | calculate | hh_id | | household.id | once(uuid()) | |
| | text | address | 住址 | household.address | | address |
| | text | room | 室 | household.room | | |
| | calculate | entity_room | | | ${room} | room |
| settings |
| | form_title | form_id | version | namespaces |
| | 登记 | both | 1 | ruhu="urn:ruhu:xforms" |
| entities |
| | list_name | label | entity_id | create_if | update_if |
| | households | ${address} | ${hh_id} | true() | false() |
| ledgers |
| | ledger | at | key | link |
| | household | | id | |
"""
    with pytest.raises(FaultyWorkbook) as refused:
        publish(xlsforms.workbook(form))
    (fault,) = refused.value.faults
    assert (fault.sheet, fault.row) == ("survey", 3)
    assert "save_to" in fault.remedy
    apart = form.replace("| household.address | | address |", "| household.address | | |")
    assert "/data/address" in publish(xlsforms.workbook(apart)).mapping["questions"]


def test_a_version_never_changes_and_old_versions_stay():
    first = publish(xlsforms.workbook(xlsforms.HOUSEHOLD))
    before = everything()
    with pytest.raises(VersionExists) as refused:
        publish(xlsforms.changed("住址", "地址"))
    assert everything() == before
    assert refused.value.data["suggestion"] == "2026112302"
    second = publish(xlsforms.changed("2026112301", "2026112302"))
    form = Form.objects.get()
    assert form.current_version == second
    assert selectors.version_for("household", "2026112301") == first
    assert selectors.version_for("household", "2026112302") == second
    assert selectors.version_for("household", "3") is None
    assert publish(xlsforms.workbook(xlsforms.HOUSEHOLD)) == first
    form.refresh_from_db()
    assert form.current_version == second


@pytest.mark.parametrize(
    ("content", "problem", "sheet", "row", "words"),
    [
        (b"nonsense", NotAWorkbook, None, None, "f.xlsx"),
        (b"PK" + b"\0" * 6_000_000, WorkbookTooLarge, None, None, "f.xlsx"),
        (xlsforms.changed("| 1 |", "| 1/2 |", PLAIN), FaultyWorkbook, "settings", 2, "1/2"),
        (xlsforms.changed("| plain |", "| pl{}n |", PLAIN), FaultyWorkbook, "settings", 2, "pl{}n"),
        (
            xlsforms.changed("| Plain |", f"| {'P' * 251} |", PLAIN),
            FaultyWorkbook,
            "settings",
            2,
            "form_title",
        ),
        (xlsforms.changed("text | a", "txet | a", PLAIN), FaultyWorkbook, "survey", 2, "txet"),
        (
            xlsforms.changed("text | a", "text | a b", PLAIN),
            FaultyWorkbook,
            "survey",
            2,
            "characters that a name cannot have",
        ),
        (
            xlsforms.changed("select_one EDU ", "select_one nolist "),
            FaultyWorkbook,
            "survey",
            20,
            "nolist",
        ),
        (
            xlsforms.changed("text | a", "begin group | a", PLAIN),
            FaultyWorkbook,
            "survey",
            2,
            "end group",
        ),
        (
            xlsforms.changed("person.edu ", "person.nope "),
            FaultyWorkbook,
            "survey",
            20,
            "person.nope",
        ),
    ],
)
def test_a_faulty_workbook_is_refused_and_nothing_changes(content, problem, sheet, row, words):
    publish(xlsforms.workbook(xlsforms.HOUSEHOLD))
    before = everything()
    with translation.override("en"), pytest.raises(problem) as refused:
        publish(content)
    assert words in refused.value.detail
    if problem is FaultyWorkbook:
        assert (refused.value.data["sheet"], refused.value.data["row"]) == (sheet, row)
        assert refused.value.data["remedy"]
    assert everything() == before


def test_a_form_with_a_submission_url_or_without_instance_id_is_refused():
    for column, value, words in (
        ("submission_url", "https://example.org/submission", "submission_url"),
        ("omit_instanceID", "yes", "instanceID"),
    ):
        form = PLAIN.replace("| version |", f"| version | {column} |").replace(
            "| 1 |", f"| 1 | {value} |"
        )
        with pytest.raises(FaultyWorkbook) as refused:
            publish(xlsforms.workbook(form))
        assert words in refused.value.detail
    assert not Form.objects.exists()


def test_media_must_be_given_and_is_kept_with_the_version():
    form = PLAIN.replace("| A | |", "| A | door.png |")
    book = xlsforms.workbook(form)  # saved twice, it would differ by the clock
    with pytest.raises(MissingMedia) as refused:
        publish(book)
    assert refused.value.data["filenames"] == "door.png"
    assert not Form.objects.exists()

    version = publish(book, media={"door.png": b"png", "not named.png": b"other"})
    (media,) = selectors.media_of(version)
    assert (media.filename, media.kind, media.size) == ("door.png", "file", 3)
    assert media.md5 == hashlib.md5(b"png", usedforsecurity=False).hexdigest()
    assert blobs.read(media.sha256) == b"png"

    assert publish(book) == version  # the workbook alone says nothing new
    assert publish(book, media={"door.png": b"png"}) == version
    with pytest.raises(VersionExists):
        publish(book, media={"door.png": b"another"})


def test_odk_validate_checks_where_there_is_java(settings):
    if shutil.which("java"):
        form = PLAIN.replace("| label | media::image |", "| label | calculation |").replace(
            "| text | a | A | |", "| calculate | a | | foo(1) |"
        )
        with pytest.raises(FaultyWorkbook) as refused:
            publish(xlsforms.workbook(form), validate=True)
        assert "foo" in refused.value.detail
        assert refused.value.data["row"] == 2
        assert not Form.objects.exists()
    settings.RUHU_VALIDATE_JAVA = "no-such-java"
    version = publish(xlsforms.workbook(PLAIN), validate=True)
    assert len(version.warnings) == 1


def test_forms_are_offered_by_area_and_by_name_in_one_query(make_user, statements):
    first = publish(xlsforms.workbook(xlsforms.HOUSEHOLD)).form
    second = publish(xlsforms.workbook(PLAIN)).form
    worker = make_user("li", role="worker", area=COMMUNITY)

    def offered(*areas: str) -> list[str]:
        return [form.form_id for form in selectors.forms_offered(worker.pk, areas)]

    assert offered(COMMUNITY) == ["household", "plain"]
    statements.clear()
    listed = selectors.forms_offered(worker.pk, (COMMUNITY, OTHER_COMMUNITY))
    assert len(statements) == 1
    assert [(form.version, form.has_media) for form in listed] == [
        ("2026112301", True),
        ("1", False),
    ]
    services.withdraw(form=second, areas=[""], actor=None)
    assert offered(COMMUNITY) == ["household"]
    services.offer(form=second, areas=[STREET], actor=None)
    services.offer(form=second, areas=[STREET], actor=None)
    assert offered(COMMUNITY) == ["household", "plain"]
    assert offered("440200000000") == ["household"]
    assert offered("4401") == ["household"]
    services.withdraw(form=second, areas=[STREET], actor=None)
    services.offer(form=second, users=[worker], actor=None)
    assert offered(COMMUNITY) == ["household", "plain"]
    assert [row.area for row in selectors.audience(first)] == [""]
    services.withdraw(form=second, users=[worker], actor=None)
    assert selectors.offered_version(worker.pk, (COMMUNITY,), "plain", "1") is None
    assert selectors.offered_version(worker.pk, (COMMUNITY,), "household", "2026112301")


def test_a_closing_form_is_not_listed_but_still_fetched(make_user):
    publish(xlsforms.workbook(PLAIN))
    for state in (Form.State.CLOSING, Form.State.CLOSED):
        assert services.set_state(form_id="plain", state=state, actor=None).state == state
        assert selectors.forms_offered(0, (COMMUNITY,)) == ()
        assert selectors.offered_version(0, (COMMUNITY,), "plain", "1")
    services.set_state(form_id="plain", state=Form.State.OPEN, actor=None)
    assert selectors.forms_offered(0, (COMMUNITY,), form_id="plain")
    assert selectors.forms_offered(0, (COMMUNITY,), form_id="other") == ()
    with pytest.raises(NoSuchForm):
        services.set_state(form_id="other", state=Form.State.OPEN, actor=None)


def test_forms_and_versions_are_shown_only_to_users_with_a_role(make_user):
    from server.accounts.access import Access, access_of

    publish(xlsforms.workbook(PLAIN))
    publish(xlsforms.workbook(PLAIN.replace("| 1 |", "| 2 |")))
    access = access_of(make_user("street"))
    assert [(form.form_id, form.n_versions) for form in selectors.forms(access)] == [("plain", 2)]
    assert [(v.version, v.is_current) for v in selectors.versions(access)] == [
        ("2", True),
        ("1", False),
    ]
    nobody = Access(user_id=0, grants=())
    assert not selectors.forms(nobody)
    assert not selectors.versions(nobody)


def test_the_command_prints_a_line_a_form_and_fails_when_one_is_refused(tmp_path, capsys):
    good, bad = tmp_path / "good.xlsx", tmp_path / "bad.xlsx"
    good.write_bytes(xlsforms.workbook(PLAIN))
    bad.write_bytes(xlsforms.changed("text | a", "txet | a", PLAIN.replace("plain", "bad")))
    with pytest.raises(CommandError):
        call_command("publish", str(good), str(bad), str(tmp_path / "none.xlsx"), "--no-validate")
    printed = capsys.readouterr()
    assert "good.xlsx" in printed.out
    assert "plain" in printed.out
    assert [line.split("：")[0] for line in printed.err.splitlines() if ".xlsx" in line] == [
        "bad.xlsx",
        "none.xlsx",
    ]
    assert list(Form.objects.values_list("form_id", flat=True)) == ["plain"]
    call_command("publish", str(good))
    assert capsys.readouterr().out.count("\n") == 1


def test_the_command_takes_media_from_a_folder(tmp_path):
    book = tmp_path / "f.xlsx"
    book.write_bytes(xlsforms.workbook(PLAIN.replace("| A | |", "| A | door.png |")))
    media = tmp_path / "media"
    with pytest.raises(CommandError):
        call_command("publish", str(book), "--no-validate", "--media", str(media))
    media.mkdir()
    (media / "door.png").write_bytes(b"png")
    call_command("publish", str(book), "--no-validate", "--media", str(media))
    assert FormMedia.objects.get().filename == "door.png"


@pytest.mark.django_db(transaction=True)
def test_two_who_publish_the_same_at_once_make_one_version():
    content = xlsforms.workbook(PLAIN)

    def attempt(_n: int) -> bool:
        try:
            return services.publish_workbook(
                workbook=content, filename="f.xlsx", publisher=None, validate=False
            ).is_new
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        are_new = list(pool.map(attempt, range(4)))
    assert sorted(are_new) == [False, False, False, True]
    assert FormVersion.objects.count() == 1
    assert FormAudience.objects.count() == 1


@pytest.mark.parametrize(
    ("program", "warned"),
    [
        ("exec sleep 60", True),
        ("ulimit -v >&2; ulimit -t >&2; ulimit -c >&2; exit 0", False),
        ("yes broken >&2", True),
    ],
    ids=["does not finish", "limits", "writes without end"],
)
def test_odk_validate_has_bounded_time_memory_and_output(
    settings, tmp_path, monkeypatch, program, warned
):
    """A form may be made to hurt whoever checks it."""
    java = tmp_path / "java"
    java.write_text(f"#!/bin/sh\nsleep 0.2\n{program}\n")
    java.chmod(0o755)
    settings.RUHU_VALIDATE_JAVA = str(java)
    monkeypatch.setattr(validation, "TIMEOUT", 2)
    started = time.monotonic()

    warnings = publish(xlsforms.workbook(PLAIN), validate=True).warnings

    assert time.monotonic() - started < 10
    if warned:
        assert len(warnings) == 1
    else:
        memory_kb, seconds, core = warnings
        assert int(memory_kb) == 8_000 * 1024
        assert int(seconds) == 2 * 60
        assert core == "0"
