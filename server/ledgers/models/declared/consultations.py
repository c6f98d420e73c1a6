"""Advice and publicity (L18)."""

from __future__ import annotations

from server.core.labels import Label
from server.ledgers.definitions.columns import (
    Merge,
    code,
    day,
    entry,
    integer,
    searched,
    text,
)
from server.ledgers.definitions.declaring import LedgerDefinition
from server.ledgers.models.base import LedgerEntry


class Consultation(LedgerEntry):
    """L18 宣传咨询/职业指导台帐: one talk at a window or one event; never changed afterwards."""

    held_on = day("日期", "held on", Merge.FIXED, required=True)
    mode = code("VM", "方式", "mode", Merge.FIXED, required=True)
    audience_n = integer("人数", "people", Merge.FIXED, required=True)
    person = entry(
        "ledgers.Person", "咨询人", "who asked", Merge.FIXED, related_name="consultations"
    )
    topic = code("CTP", "事项", "topic", Merge.FIXED, required=True)
    answer = text("答复", "answer", Merge.FIXED)
    policy_ref = searched("政策依据", "policy referred to", Merge.FIXED)
    handed_out_n = integer("发放资料份数", "leaflets handed out", Merge.FIXED)

    ledger = LedgerDefinition(
        "consultation",
        "consultations",
        Label("宣传咨询/职业指导台帐", "Consultations"),
        number="L18",
        keys=("instance",),
        confirms=False,
        search=("policy_ref",),
        joined_search=("person__name",),
        ordering=("held_on",),
    )
