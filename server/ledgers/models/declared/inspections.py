"""Inspections, disputes, risks (L17)."""

from __future__ import annotations

from server.core.labels import Label
from server.ledgers.definitions.columns import (
    Merge,
    code,
    codes,
    day,
    decimal,
    entry,
    integer,
    searched,
    text,
)
from server.ledgers.definitions.declaring import LedgerDefinition
from server.ledgers.definitions.machines import Entering, Machine, moves
from server.ledgers.models.base import LedgerEntry

INSPECTION = Machine(
    "state",
    "1",
    moves({"1": {"2", "3", "4"}, "2": {"3", "4"}, "3": {"2", "4"}, "4": {"2"}}),
    entering={
        "2": Entering(needs=("action",), takes=("mediation", "risk", "next_check")),
        "3": Entering(stamps="reported_up_on", takes=("action",)),
        "4": Entering(needs=("outcome",), takes=("mediation",)),
    },
)


class Inspection(LedgerEntry):
    """L17 监察协查/纠纷/诚信台帐: one matter at an employer."""

    case_no = searched("编号", "number", Merge.FIXED, required=True, computed=True)
    kind = code("DK17", "类别", "kind", Merge.FIXED, required=True)
    employer = entry(
        "ledgers.Employer",
        "单位",
        "employer",
        Merge.VERIFIED,
        required=True,
        related_name="inspections",
    )
    found_on = day("发现日期", "seen on", Merge.FIXED, required=True)
    n_workers = integer("涉及人数", "workers concerned", Merge.VERIFIED)
    amount = decimal("涉及金额", "amount", Merge.VERIFIED)
    issue = codes("IS", "违法/纠纷事项", "matters", Merge.ACCUMULATE, required=True)
    action = text("处理措施", "measures", Merge.ACCUMULATE)
    reported_up_on = day("上报日期", "reported on", Merge.FIXED)
    mediation = code("MD", "调解结果", "mediation", Merge.STATES)
    risk = code("RL", "风险等级", "risk", Merge.LATEST)
    next_check = day("下次排查", "next check", Merge.LATEST)
    outcome = text("处理结果", "outcome", Merge.LATEST)
    state = code("ST17", "处理状态", "state of the matter", Merge.STATES, required=True)

    ledger = LedgerDefinition(
        "inspection",
        "inspections",
        Label("监察协查/纠纷/诚信台帐", "Inspections and disputes"),
        number="L17",
        confirms=False,
        numbered="case_no",
        machines=(INSPECTION,),
        search=("case_no",),
        joined_search=("employer__name",),
        ordering=("found_on", "next_check"),
        keys=("employer+kind+found_on",),
    )
