"""Affairs and files kept for persons (L19)."""

from __future__ import annotations

from server.core.labels import Label
from server.ledgers.definitions.columns import (
    Merge,
    code,
    day,
    decimal,
    entry,
    searched,
)
from server.ledgers.definitions.declaring import LedgerDefinition
from server.ledgers.definitions.machines import Entering, Machine, moves
from server.ledgers.models.base import LedgerEntry

AGENCY = Machine(
    "state",
    "1",
    moves({"1": {"2", "3"}, "2": {"1"}}),
    entering={
        "2": Entering(needs=("out_to",), stamps="out_on"),
        "3": Entering(stamps="out_on"),
    },
)


class Agency(LedgerEntry):
    """L19 事务代理与档案托管台帐: one service for one person."""

    person = entry(
        "ledgers.Person", "人员", "person", Merge.FIXED, required=True, related_name="agency"
    )
    service = code("AS", "代理事项", "service", Merge.FIXED, required=True)
    file_no = searched("档案编号", "file number", Merge.VERIFIED)
    in_from = searched("转入单位", "came from", Merge.FIXED)
    in_on = day("转入日期", "came on", Merge.FIXED, required=True)
    out_to = searched("转往单位", "went to", Merge.FIXED)
    out_on = day("转出日期", "went on", Merge.FIXED)
    base = decimal("缴费基数", "basis of contributions", Merge.VERIFIED)
    state = code("ST19", "代理状态", "state of the service", Merge.STATES, required=True)

    ledger = LedgerDefinition(
        "agency",
        "agency",
        Label("事务代理与档案托管台帐", "Agency and files"),
        number="L19",
        keys=("person+service+in_on",),
        confirms=False,
        machines=(AGENCY,),
        search=("file_no", "in_from", "out_to"),
        joined_search=("person__name",),
        ordering=("in_on", "out_on"),
    )
