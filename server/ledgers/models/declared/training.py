"""Training and skill tests (L12)."""

from __future__ import annotations

from server.core.labels import Label
from server.ledgers.definitions.columns import (
    Merge,
    boolean,
    code,
    day,
    entry,
    integer,
    searched,
    text,
)
from server.ledgers.definitions.declaring import LedgerDefinition
from server.ledgers.definitions.machines import Entering, Machine, moves
from server.ledgers.models.base import LedgerEntry

TRAINING = Machine(
    "state",
    "1",
    moves({"1": {"2", "5"}, "2": {"3", "5"}, "3": {"4", "5"}, "4": {"6", "7"}, "6": {"7"}}),
    entering={
        "2": Entering(takes=("org", "funded_by", "hours", "start_on", "end_on")),
        "3": Entering(stamps="start_on", takes=("org",)),
        "4": Entering(stamps="end_on", takes=("hours",)),
        "6": Entering(needs=("cert_no",), takes=("cert_grade",)),
        "7": Entering(takes=("job_after",)),
    },
)


class Training(LedgerEntry):
    """L12 培训/鉴定台帐: one person in one course, or before one skill test."""

    person = entry(
        "ledgers.Person", "人员", "person", Merge.FIXED, required=True, related_name="training"
    )
    kind = code("TK", "培训类别", "kind of training", Merge.FIXED, required=True)
    course = searched("培训专业", "course", Merge.VERIFIED, required=True)
    org = searched("培训机构", "provider", Merge.VERIFIED)
    hours = integer("课时", "hours", Merge.VERIFIED)
    start_on = day("开班日期", "starts on", Merge.VERIFIED)
    end_on = day("结业日期", "ends on", Merge.VERIFIED)
    funded_by = code("FU", "经费来源", "funded by", Merge.VERIFIED)
    state = code("ST12", "培训状态", "state of the training", Merge.STATES, required=True)
    cert_no = text("证书编号", "certificate number", Merge.VERIFIED)
    cert_grade = code("SK", "证书等级", "certificate grade", Merge.VERIFIED)
    job_after = boolean("培训后就业", "work afterwards", Merge.LATEST)

    ledger = LedgerDefinition(
        "training",
        "training",
        Label("培训/鉴定台帐", "Training and skill tests"),
        number="L12",
        keys=("person+kind+course",),
        confirms=False,
        machines=(TRAINING,),
        search=("course", "org"),
        joined_search=("person__name",),
        ordering=("start_on", "end_on"),
    )
