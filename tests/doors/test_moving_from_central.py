"""`./ruhu import central`: a project as Central's API gives it, taken over whole, once, and after a cut."""

from __future__ import annotations

import hashlib
import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from server.accounts.models import User
from server.core import blobs
from server.core.sealing import unseal_document
from server.datasets.models import Dataset, Entity
from server.forms.models import Form, FormAudience, FormDraft, FormMedia
from server.quarantine.models import Quarantined
from server.submissions.models import Attachment, Submission, SubmissionVersion
from tests.factories.central_server import EMAIL, PASSWORD, Project, serving
from tests.samples import given, xlsforms
from tests.samples.old_excel import as_xls

pytestmark = pytest.mark.django_db
TREE = "uuid:7f000000-0000-4000-8000-000000000001"
EDITED, EDIT = (
    "uuid:7f000000-0000-4000-8000-000000000002",
    "uuid:7f000000-0000-4000-8000-00000000000e",
)
BAD = "uuid:7f000000-0000-4000-8000-000000000003"
OAK, ELM = "20000000-0000-4000-8000-000000000001", "20000000-0000-4000-8000-000000000002"
PICTURE = b"\xff\xd8\xff\xe0 a tree"
SURVEY = """
| survey |
| | type | name | label | media::image |
| | text | species | Species | {image} |
| | image | photo | Photo | |
| settings |
| | form_id | form_title | version |
| | tree survey | Trees | {version} |
"""
MAKING = """
| survey |
| | type | name | label | save_to |
| | text | species | Species | species |
| entities |
| | dataset | label |
| | trees | ${species} |
| settings |
| | form_id | form_title | version |
| | planting | Planting | 1 |
"""


def survey(version: str, image: str = "") -> bytes:
    return xlsforms.workbook(SURVEY.format(version=version, image=image))


def answers(
    instance_id: str, species: str, version: str = "1.0", photo: str = "", replaces: str = ""
) -> bytes:
    deprecated = f"<deprecatedID>{replaces}</deprecatedID>" if replaces else ""
    return (
        f'<data xmlns:jr="http://openrosa.org/javarosa" id="tree survey" version="{version}">'
        f"<species>{species}</species><photo>{photo}</photo>"
        f"<meta><instanceID>{instance_id}</instanceID>{deprecated}</meta></data>"
    ).encode()


def planted(uuid: str, species: str) -> bytes:
    return (
        '<data xmlns:jr="http://openrosa.org/javarosa" id="planting" version="1">'
        f"<species>{species}</species><meta><instanceID>uuid:{uuid}</instanceID>"
        f'<entity dataset="trees" id="{uuid}" create="1"><label>{species}</label></entity></meta></data>'
    ).encode()


@pytest.fixture
def project() -> Project:
    """Two versions of a form, the second with a picture; a draft; three records; a list that a form makes entities of."""
    made = Project()
    path = made.form(
        "tree survey",
        [("1.0", survey("1.0"), {}), ("2 b", survey("2 b", "leaf.png"), {"leaf.png": b"\x89PNG"})],
        state="closing",
        draftToken="d" * 64,
    )
    made.answers[f"{path}/draft.xlsx"] = survey("3")
    made.answers[f"{path}/draft/attachments"] = []
    made.record(
        path,
        [(TREE, answers(TREE, "Oak", photo="a b.jpg"), {"a b.jpg": PICTURE, "lost.jpg": b""})],
        state="approved",
        comments=("Well done.", "Seen."),
    )
    made.record(
        path,
        [
            (EDITED, answers(EDITED, "Elm"), {}),
            (EDIT, answers(EDIT, "Wych elm", "2 b", replaces=EDITED), {}),
        ],
        state="hasIssues",
        comments=("Which elm?",),
    )
    made.record(path, [(BAD, answers(BAD, "Ash", "no such version"), {})])
    path = made.form("planting", [("1", xlsforms.workbook(MAKING), {})])
    made.record(path, [(f"uuid:{OAK}", planted(OAK, "Oak"), {})])
    made.entity_list("trees", ["species", "height"])
    made.entity(
        "trees", OAK, [("Oak", {"species": "Oak"}), ("Old oak", {"species": "Oak", "height": "20"})]
    )
    made.entity(
        "trees",
        ELM,
        [("Elm", {"species": "Elm"}), ("Tall elm", {"species": "Elm", "height": "30"})],
    )
    made.answers["/app-users"] = [
        {"id": 7, "displayName": "Wu Ying", "token": "x" * 64},
        {"id": 8, "displayName": "Gone", "token": None},
    ]
    return made


@pytest.fixture(autouse=True)
def chief(divisions, make_user, monkeypatch) -> User:
    monkeypatch.setenv("RUHU_IMPORT_PASSWORD", PASSWORD)
    return make_user("chief", role="administrator", area="")


def run(project: Project, *words: str) -> tuple[str, str]:
    """What the command prints, with what it refuses last ("" when it does not)."""
    out = io.StringIO()
    with serving(project) as address, translation.override("en"):
        try:
            call_command(
                "import", "central", address, "--project=1", f"--email={EMAIL}", "--as=chief",
                *words, stdout=out, stderr=out,
            )  # fmt: skip
        except CommandError as refusal:
            return out.getvalue(), str(refusal)
    return out.getvalue(), ""


def everything() -> dict[str, Any]:
    """What is here of what can be taken over."""
    return {
        "versions": list(
            Form.objects.order_by("form_id", "versions__pk").values_list("form_id", "state", "versions__version")
        ),
        "records": {
            row.instance_id: (row.review_state, [comment.body for comment in row.comments.order_by("pk")])
            for row in Submission.objects.prefetch_related("comments")
        },
        "documents": {
            version.instance_id: hashlib.sha256(unseal_document(bytes(version.document))).hexdigest()
            for version in SubmissionVersion.objects.all()
        },
        "files": sorted(Attachment.objects.values_list("name", "size")),
        "entities": {
            str(entity.uuid): (entity.label, entity.values, entity.version)
            for entity in Entity.objects.all()
        },
        "workers": sorted(User.objects.exclude(username="chief").values_list("name", "grants__area")),
    }  # fmt: skip


def test_a_project_is_taken_over_whole_and_a_second_run_changes_nothing(project):
    printed, refusal = run(project, "--area", "440106003001")
    assert "1 could not be taken" in refusal
    assert f"tree survey {BAD}" in printed
    here = everything()
    assert here["versions"] == [
        ("planting", "open", "1"), ("tree survey", "closing", "1.0"), ("tree survey", "closing", "2 b"),
    ]  # fmt: skip
    assert here["records"] == {
        TREE: ("approved", ["Well done.", "Seen."]),
        EDITED: ("has_issues", ["Which elm?"]),
        f"uuid:{OAK}": ("received", []),
    }
    documents = {TREE: answers(TREE, "Oak", photo="a b.jpg"), EDITED: answers(EDITED, "Elm"),
                 EDIT: answers(EDIT, "Wych elm", "2 b", replaces=EDITED), f"uuid:{OAK}": planted(OAK, "Oak")}  # fmt: skip
    assert here["documents"] == {
        name: hashlib.sha256(document).hexdigest() for name, document in documents.items()
    }
    assert here["files"] == [("a b.jpg", len(PICTURE))]
    assert blobs.read(Attachment.objects.get().sha256) == PICTURE
    assert here["entities"] == {
        OAK: ("Old oak", {"species": "Oak", "height": "20"}, 2),
        ELM: ("Tall elm", {"species": "Elm", "height": "30"}, 2),
    }
    assert here["workers"] == [("Wu Ying", "440106003001")]
    version = SubmissionVersion.objects.get(instance_id=EDIT)
    assert version.received_at.isoformat() == "2026-02-02T01:00:00+00:00"
    assert version.device_id == "collect:1"
    assert FormMedia.objects.get(kind="file").filename == "leaf.png"
    assert FormDraft.objects.get().form_id == "tree survey"
    assert not FormAudience.objects.exists(), (
        "phones are offered the forms when somebody decides so"
    )
    assert Quarantined.objects.count() == 1

    asked = len(project.asked)
    printed, refusal = run(project, "--area", "440106003001")
    assert everything() == here
    assert Quarantined.objects.count() == 1
    assert "records and edits: 0 taken over, 3 here before" in printed
    again = project.asked[asked:]
    assert not [
        path for path in again if path.endswith(".xml") and BAD.replace(":", "%3A") not in path
    ]


def test_a_run_that_was_cut_goes_on(project):
    for allowed in (4, 9, 14, 20):
        project.refuses_after = len(project.asked) + allowed
        _printed, refusal = run(project)
        assert "503 down for maintenance" in refusal
    project.refuses_after = None
    run(project)
    here = everything()
    assert (len(here["records"]), len(here["documents"]), len(here["entities"])) == (3, 4, 2)
    assert here["records"][TREE] == ("approved", ["Well done.", "Seen."])


def test_a_form_that_central_has_as_an_old_workbook_comes_too(project):
    path = "/forms/planting/versions/1"
    project.answers[f"{path}.xls"] = as_xls(project.answers.pop(f"{path}.xlsx"))
    run(project)
    assert Form.objects.get(form_id="planting").current_version.version == "1"


def test_a_form_that_central_has_as_an_xform_alone_comes_too(project):
    path = project.form("garden", [("1", b"", {"map.png": b"p"})])
    del project.answers[f"{path}/versions/1.xlsx"]
    project.answers[f"{path}/versions/1.xml"] = given.XFORM
    instance_id = "uuid:11111111-0000-4000-8000-000000000001"
    project.record(path, [(instance_id, given.RECORD, {"p.jpg": PICTURE})])
    run(project)
    version = Form.objects.get(form_id="garden").current_version
    assert (bytes(version.xform), version.has_workbook) == (given.XFORM, False)
    assert Submission.objects.get(instance_id=instance_id).form.form_id == "garden"


def test_a_dry_run_counts_and_changes_nothing(project):
    printed, refusal = run(project, "--dry-run")
    assert refusal == ""
    for line in (
        "forms: 2",
        "form versions: 3",
        "records and edits: 4",
        "entities: 2",
        "workers: 1",
    ):
        assert line in printed
    assert Form.objects.count() == Dataset.objects.count() == Submission.objects.count() == 0


def test_what_somebody_decided_here_stays(project):
    run(project)
    from server.accounts.access import access_of
    from server.core.clock import now
    from server.submissions.services import review

    chief = User.objects.get(username="chief")
    row = Submission.objects.get(instance_id=TREE)
    review(
        submission=row,
        state="rejected",
        reason="no",
        reviewer=chief,
        access=access_of(chief),
        at=now(),
    )
    run(project)
    assert Submission.objects.get(instance_id=TREE).review_state == "rejected"


def test_a_wrong_password_project_or_name_is_told(project, monkeypatch, make_user):
    with serving(project) as address:
        for words in (
            [address, "--project=2", "--email", EMAIL, "--as=chief"],
            [address, "--project=1", "--email", "x@example.org", "--as=chief"],
            ["http://127.0.0.1:1", "--project=1", "--email", EMAIL, "--as=chief"],
            [address, "--project=1", "--email", EMAIL, "--as=nobody"],
        ):
            with pytest.raises(CommandError):
                call_command("import", "central", *words)
    assert Form.objects.count() == 0
