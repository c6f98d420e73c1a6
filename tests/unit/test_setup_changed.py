"""The rule of `./ruhu test --changed`, on a small tree."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from server.ops.setup.changed import affected_tests, changed_paths
from server.ops.setup.messages import SetupProblem

FILES = {
    "server/forms/models.py": "",
    "server/console/templates/console/forms.html": "",
    "xlsforms/home_visit.xlsx": "",
    "tests/conftest.py": "",
    "tests/factories/forms.py": "from server.forms.models import Form\n",
    "tests/factories/visits.py": "from tests.factories import forms\n",
    "tests/unit/test_forms.py": "from server.forms import models\n",
    "tests/unit/test_formats.py": "import server.formsets\n",
    "tests/unit/test_visits.py": "from tests.factories.visits import visit\n",
    "tests/unit/test_xlsforms.py": 'NAMES = ["home_visit.xlsx"]\n',
    "tests/doors/conftest.py": "",
    "tests/doors/console/test_forms.py": "",
    "tests/doors/api/test_lists.py": "",
    "tests/acceptance/test_engine.py": "from server.forms import models\nfrom tests.factories.forms import form\n",
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("changed", "selected"),
    [
        ("tests/unit/test_forms.py", ["tests/unit/test_forms.py"]),
        ("tests/unit/test_deleted.py", []),
        ("tests/factories/visits.py", ["tests/unit/test_visits.py"]),
        ("tests/factories/forms.py", ["tests/acceptance/test_engine.py", "tests/unit/test_visits.py"]),
        ("tests/doors/conftest.py", ["tests/doors/api/test_lists.py", "tests/doors/console/test_forms.py"]),
        ("server/forms/models.py", ["tests/unit/test_forms.py"]),
        ("server/forms/services/new.py", ["tests/unit/test_forms.py"]),
        ("server/console/templates/console/forms.html", ["tests/doors/console/test_forms.py"]),
        ("xlsforms/home_visit.xlsx", ["tests/unit/test_xlsforms.py"]),
        ("README.md", []),
    ],
)  # fmt: skip
def test_a_change_selects_the_tests_it_concerns(tree, changed, selected):
    assert affected_tests(tree, [changed]) == selected


def git(folder: Path, *words: str) -> None:
    identity = ("-c", "user.name=test", "-c", "user.email=test@example.org")
    subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True)


def test_changes_are_those_since_the_branch_left_origin_main(tmp_path, monkeypatch):
    origin, clone = tmp_path / "origin", tmp_path / "clone"
    origin.mkdir()
    git(origin, "init", "-q", "-b", "main")
    for name in ("kept", "edited", "deleted"):
        (origin / name).write_text(name)
    git(origin, "add", ".")
    git(origin, "commit", "-qm", "first")
    git(tmp_path, "clone", "-q", str(origin), str(clone))
    (origin / "theirs").write_text("")
    git(origin, "add", ".")
    git(origin, "commit", "-qm", "second")

    git(clone, "fetch", "-q")
    (clone / "committed").write_text("")
    git(clone, "add", ".")
    git(clone, "commit", "-qm", "mine")
    (clone / "edited").write_text("otherwise")
    (clone / "deleted").unlink()
    (clone / "新.py").write_text("")
    assert changed_paths(clone)[1] == ["committed", "deleted", "edited", "新.py"]


def test_without_origin_main_changes_are_those_since_the_last_commit(tmp_path):
    git(tmp_path, "init", "-q", "-b", "main")
    (tmp_path / "a").write_text("")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "first")
    (tmp_path / "b").write_text("")
    assert changed_paths(tmp_path) == ("HEAD", ["b"])


def test_outside_a_clone_the_sentence_names_the_other_way(tmp_path):
    with pytest.raises(SetupProblem) as caught:
        changed_paths(tmp_path)
    assert caught.value.key == "no_git"
    assert "--only" in str(caught.value)
