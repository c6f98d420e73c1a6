"""Every template compiles, and names only templates that exist."""

from __future__ import annotations

import io
import re

import pytest
from django.core.management import CommandError, call_command
from django.template.loader import get_template

from server.ops.templates import faults, names


@pytest.mark.parametrize("name", names())
def test_a_template_compiles(name):
    assert faults(name) == []


@pytest.mark.parametrize("name", names())
def test_each_column_has_a_name(name):
    """A screen reader says the head with each cell; one that nobody needs to see is visually hidden."""
    assert not re.search(r"<th\b[^>]*>\s*</th>", get_template(name).template.source)


def test_the_pages_have_templates():
    assert len(names()) > 50


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{% if a %}", "Unclosed tag"),
        ("{{ a|no_such_filter }}", "no_such_filter"),
        ("{% no_such_tag %}", "no_such_tag"),
        ("{% load no_such_library %}", "no_such_library"),
        ("{% if a %}{% include 'no/such.html' %}{% endif %}", "no/such.html"),
        ("{% extends 'no/such.html' %}", "no/such.html"),
    ],
)
def test_an_error_is_named(tmp_path, settings, text, fault):
    (tmp_path / "page.html").write_text(text)
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path]}]
    [sentence] = faults("page.html")
    assert fault in sentence


def test_the_command_fails_with_the_count(monkeypatch):
    monkeypatch.setattr("server.ops.management.commands.templates.names", lambda: ["no/such.html"])
    monkeypatch.setattr("server.ops.management.commands.templates.faults", lambda _name: ["a", "b"])
    output = io.StringIO()
    with pytest.raises(CommandError, match="2") as caught:
        call_command("templates", stdout=output)
    assert caught.value.returncode == 1
    assert output.getvalue().splitlines() == ["no/such.html: a", "no/such.html: b"]
