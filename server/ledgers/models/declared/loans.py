"""Small guaranteed loans (L14)."""

from __future__ import annotations

from server.core.labels import Label
from server.ledgers.definitions.columns import (
    Merge,
    boolean,
    code,
    day,
    decimal,
    entry,
    integer,
    point,
    searched,
)
from server.ledgers.definitions.declaring import LedgerDefinition
from server.ledgers.definitions.machines import Entering, Machine, moves
from server.ledgers.models.base import LedgerEntry

LOAN = Machine(
    "state",
    "1",
    moves(
        {
            "1": {"2", "3"},
            "2": {"4", "3"},
            "4": {"5", "9"},
            "5": {"6", "9"},
            "6": {"7", "8"},
            "8": {"7"},
        }
    ),
    entering={
        "2": Entering(stamps="initial_on", means={"initial_result": "1"}),
        "3": Entering(stamps="initial_on", means={"initial_result": "2"}),
        "4": Entering(stamps="recommended_on"),
        "5": Entering(means={"guarantor_result": "1"}),
        "6": Entering(
            needs=("granted_amount", "due_on"),
            stamps="granted_on",
            means={"bank_result": "1", "repaid_state": "1"},
        ),
        "7": Entering(means={"repaid_state": "3"}),
        "8": Entering(means={"repaid_state": "2"}),
        "9": Entering(means={"bank_result": "2"}),
    },
)


class Loan(LedgerEntry):
    """L14 小额担保贷款初审台帐: one application for a loan."""

    person = entry(
        "ledgers.Person", "申请人", "applicant", Merge.FIXED, required=True, related_name="loans"
    )
    cert_no = searched("优惠证号", "certificate number", Merge.VERIFIED, required=True)
    project = searched("经营项目", "business", Merge.VERIFIED, required=True)
    site = point("经营地点", "place of business (WGS 84)", Merge.VERIFIED)
    amount_asked = decimal("申请金额", "amount asked", Merge.VERIFIED, required=True)
    term_months = integer("期限(月)", "term in months", Merge.VERIFIED)
    guarantee = code("GU", "反担保方式", "counter-guarantee", Merge.VERIFIED)
    training_done = boolean("创业培训", "trained for business", Merge.VERIFIED)
    site_visit = entry("ledgers.Visit", "实地核查", "visit to the place", Merge.LATEST)
    initial_result = code("AP", "资格初审结果", "first check", Merge.STATES, required=True)
    initial_on = day("初审日期", "first checked on", Merge.STATES)
    recommended_on = day("推荐日期", "recommended on", Merge.STATES)
    guarantor_result = code("AP", "担保机构意见", "guarantor's decision", Merge.STATES)
    bank_result = code("AP", "银行意见", "bank's decision", Merge.STATES)
    granted_amount = decimal("发放金额", "amount granted", Merge.VERIFIED)
    granted_on = day("发放日期", "granted on", Merge.VERIFIED)
    due_on = day("到期日", "to be repaid by", Merge.VERIFIED)
    jobs_created = integer("带动就业人数", "jobs created", Merge.LATEST)
    repaid_state = code("RP", "还款状态", "repayment", Merge.STATES)
    state = code("ST14", "贷款状态", "state of the loan", Merge.STATES, required=True)

    ledger = LedgerDefinition(
        "loan",
        "loans",
        Label("小额担保贷款初审台帐", "Small guaranteed loans"),
        number="L14",
        keys=("person+cert_no", "person+project"),
        confirms=False,
        machines=(LOAN,),
        search=("project", "cert_no"),
        joined_search=("person__name",),
        ordering=("granted_on", "due_on"),
        place="site",
    )
