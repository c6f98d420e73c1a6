"""Files that are generated from the code are committed as they would be generated now."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command, get_commands, load_command_class

from server.ops.generated import GENERATED, GeneratedFilesCommand
from server.ops.management.commands.generate import generator


@pytest.mark.parametrize("name", GENERATED)
def test_the_files_are_in_step(name):
    stale = [path.name for path in generator(name).stale()]
    assert not stale, f"{', '.join(stale)}: run ./ruhu generate and commit"


def test_every_generator_is_in_the_registry():
    ours = [name for name, app in get_commands().items() if app == "server.ops"]
    generators = {
        name
        for name in ours
        if isinstance(load_command_class("server.ops", name), GeneratedFilesCommand)
    }
    assert generators == set(GENERATED), "add it to GENERATED in server/ops/generated.py"


def test_check_names_each_stale_file_and_writes_nothing(tmp_path, settings, monkeypatch):
    monkeypatch.setattr(
        "server.ops.management.commands.generate.GENERATED", ("dictionary", "problems")
    )
    settings.BASE_DIR = tmp_path
    (tmp_path / "api_docs").mkdir()
    (tmp_path / "api_docs/problems.md").write_text("old")
    output = io.StringIO()
    with pytest.raises(CommandError) as caught:
        call_command("generate", "--check", stdout=output)
    assert caught.value.returncode == 1
    assert [line.split("：")[0].split(": ")[0] for line in output.getvalue().splitlines()] == [
        "api_docs/dictionary.md", "api_docs/problems.md",
    ]  # fmt: skip
    assert (tmp_path / "api_docs/problems.md").read_text() == "old"

    call_command("generate", stdout=io.StringIO())
    call_command("generate", "--check", stdout=io.StringIO())
    assert (tmp_path / "api_docs/problems.md").read_text() != "old"


def test_a_single_command_names_itself_as_the_remedy(tmp_path, settings):
    settings.BASE_DIR = tmp_path
    with pytest.raises(CommandError, match=r"api_docs/problems\.md.*\./ruhu problems"):
        call_command("problems", "--check")
