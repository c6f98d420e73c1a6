"""The types of forms' files by their names."""

from __future__ import annotations

import pytest

from server.forms.media_types import UNKNOWN, type_for_desks, type_for_phones


@pytest.mark.parametrize(
    ("filename", "phones", "desks"),
    [
        ("people.csv", "text/csv", "text/csv"),
        ("door.JPG", "image/jpeg", "image/jpeg"),
        ("places.geojson", UNKNOWN, "application/geo+json"),
        ("choices.xml", UNKNOWN, "text/xml"),
        ("evil.html", UNKNOWN, UNKNOWN),
        ("evil.svg", UNKNOWN, UNKNOWN),
        ("evil.xhtml", UNKNOWN, UNKNOWN),
        ("no ending", UNKNOWN, UNKNOWN),
    ],
)
def test_nothing_is_sent_under_a_type_that_a_browser_runs(filename, phones, desks):
    assert (type_for_phones(filename), type_for_desks(filename)) == (phones, desks)
