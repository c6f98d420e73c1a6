"""Petitions (L16): letters and visits of citizens, with the days by which they are answered."""

from __future__ import annotations

from server.core.labels import Label
from server.ledgers.definitions.columns import (
    Merge,
    Reading,
    boolean,
    code,
    day,
    entry,
    hash_of,
    integer,
    sealed,
    searched,
    text,
    user,
)
from server.ledgers.definitions.declaring import LedgerDefinition
from server.ledgers.definitions.machines import PETITION
from server.ledgers.models.base import LedgerEntry


class Petition(LedgerEntry):
    """L16 信访台帐; for the restricted role alone."""

    case_no = searched("信访编号", "petition number", Merge.FIXED, required=True, computed=True)
    channel = code("CHP", "来源", "channel", Merge.FIXED, required=True)
    received_on = day("收到日期", "received on", Merge.FIXED, required=True)
    person_name = sealed("信访人", "petitioner", Merge.VERIFIED, reads=Reading.NAME)
    person_name_hash = hash_of()
    n_people = integer("人数", "people", Merge.VERIFIED, required=True)
    topic = code("PT", "类别", "topic", Merge.LATEST, required=True)
    content = text("反映问题", "content", Merge.FIXED, required=True)
    wish = text("诉求", "wish", Merge.FIXED)
    employer = entry("ledgers.Employer", "涉及单位", "employer concerned", Merge.VERIFIED)
    urgent = boolean("紧急", "urgent", Merge.LATEST, required=True)
    accepted_on = day("受理日期", "accepted on", Merge.STATES)
    handler = user("承办人", "handled by", Merge.INTERVAL)
    transferred_to = text("转送机关", "passed on to", Merge.ACCUMULATE)
    replied_on = day("答复日期", "replied on", Merge.STATES)
    result = code("PR", "办理结果", "result", Merge.STATES)
    satisfied = code("YN", "是否满意", "satisfied", Merge.LATEST)
    review_asked_on = day("申请复查日期", "review asked on", Merge.STATES)
    state = code("ST16", "办理状态", "state of the petition", Merge.STATES, required=True)
    due_on = day("办理期限", "due on", Merge.FIXED, computed=True)

    ledger = LedgerDefinition(
        "petition",
        "petitions",
        Label("信访台帐", "Petitions"),
        number="L16",
        confirms=False,
        is_restricted=True,
        numbered="case_no",
        defaults={"urgent": False},
        machines=(PETITION,),
        search=("case_no",),
        ordering=("received_on", "due_on"),
    )
