"""The rule of writing, without a database."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.accounts.authority import Outside, Reason, covers, holds, may_contribute

HERE, THERE, STREET = "440106003001", "440106005001", "440106003"
CODES = st.sampled_from(["", "44", "440106", STREET, HERE, "440106003002", "440106005", THERE])


@pytest.mark.parametrize(
    ("areas", "record", "verdict"),
    [
        ((STREET,), {}, None),
        ((STREET,), {"community": HERE, "original": HERE, "entries": [HERE, STREET]}, None),
        (("",), {"community": THERE, "original": "", "entries": ["", THERE]}, None),
        ((STREET,), {"community": THERE}, Outside(Reason.AREA, THERE)),
        ((STREET,), {"original": THERE}, Outside(Reason.ORIGINAL, THERE)),
        ((STREET,), {"original": ""}, Outside(Reason.ORIGINAL, "")),
        ((STREET,), {"entries": [HERE, THERE]}, Outside(Reason.ENTRY, THERE)),
        ((STREET,), {"entries": [""]}, Outside(Reason.ENTRY, "")),
        ((HERE,), {"entries": [STREET]}, Outside(Reason.ENTRY, STREET)),
        ((HERE,), {"community": "440106003002"}, Outside(Reason.AREA, "440106003002")),
        ((), {"community": HERE}, Outside(Reason.AREA, HERE)),
        ((), {"original": ""}, Outside(Reason.ORIGINAL, "")),
        ((), {}, None),
        # The original is judged first, then the community, then the entries.
        (
            (STREET,),
            {"community": THERE, "original": "45", "entries": ["46"]},
            Outside(Reason.ORIGINAL, "45"),
        ),
        ((STREET,), {"community": THERE, "entries": ["45"]}, Outside(Reason.AREA, THERE)),
        ((STREET,), {"entries": ["46", "45"]}, Outside(Reason.ENTRY, "45")),
        # Where a record without a community of a sender with two areas stands.
        ((HERE, "440106003002"), {"original": STREET, "entries": [STREET]}, None),
        ((HERE, "440106003002"), {"community": STREET}, Outside(Reason.AREA, STREET)),
        ((HERE, "450000000000"), {"entries": [""]}, Outside(Reason.ENTRY, "")),
    ],
)
def test_what_a_sender_may_contribute_to(areas, record, verdict):
    assert may_contribute(areas, **record) == verdict


@given(areas=st.lists(CODES, max_size=3), more=CODES, code=CODES)
def test_an_area_more_takes_nothing_covered_away(areas, more, code):
    if covers(areas, code):
        assert covers([*areas, more], code)
        assert holds([*areas, more], code)


@given(areas=st.lists(CODES.filter(bool), max_size=3), entries=st.lists(CODES, max_size=4))
def test_a_record_counts_only_if_each_entry_may_be_changed(areas, entries):
    verdict = may_contribute(areas, entries=entries)
    assert (verdict is None) == all(holds(areas, entry) for entry in entries)
    assert verdict is None or verdict.area in entries
