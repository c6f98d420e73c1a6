"""Rows of the audit log with anything in them that the database can hold."""

from __future__ import annotations

from hypothesis import strategies as st

from server.audit.models import Act, AuditEntry
from server.audit.origin import Door
from server.console.acts import _FACTS, _KINDS
from tests.factories.console import AT

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
FACTS = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | TEXT,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(TEXT | st.sampled_from(sorted(_FACTS)), inner, max_size=3)
    ),
    max_leaves=6,
)

ANY_ROW = st.builds(
    AuditEntry,
    at=st.just(AT),
    act=st.sampled_from(Act.values) | TEXT,
    door=st.sampled_from(Door.values) | TEXT,
    object_type=st.sampled_from(sorted(_KINDS)) | TEXT,
    object_id=TEXT | st.uuids().map(str) | st.integers().map(str),
    area_code=st.text("0123456789", max_size=12) | TEXT.map(lambda text: text[:12]),
    facts=FACTS.filter(lambda facts: facts is not None)
    | st.dictionaries(st.sampled_from([*sorted(_FACTS), "before", "after"]), FACTS),
    reason=TEXT,
    actor_id=st.just(-1),  # a user who no longer exists
    actor_name=TEXT,
)
