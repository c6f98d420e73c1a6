"""Re-employment certificates (L13), the policies enjoyed under them, their yearly checks."""

from __future__ import annotations

from server.core.labels import Label
from server.ledgers.definitions.columns import (
    Depends,
    Merge,
    code,
    codes,
    day,
    decimal,
    entry,
    searched,
    text,
)
from server.ledgers.definitions.declaring import LedgerDefinition, View
from server.ledgers.definitions.machines import COUNTY, Entering, Machine, moves
from server.ledgers.models.base import LedgerEntry

CERTIFICATE = Machine(
    "state",
    "1",
    moves(
        {
            "1": {"2", "3", "9"},
            "2": {"4", "3"},
            "3": {"1", "9"},
            "4": {"5", "3", "9"},
            "5": {"6"},
            "6": {"7", "8"},
            "8": {"6"},
        }
    ),
    entering={
        "2": Entering(
            stamps="initial_on", takes=("initial_reason",), means={"initial_result": "1"}
        ),
        "3": Entering(needs=("initial_reason",), means={"initial_result": "3"}),
        "4": Entering(needs=("notice_from", "notice_to")),
        "5": Entering(by=COUNTY, means={"county_result": "1"}),
        "6": Entering(needs=("cert_no",), stamps="issued_on", by=COUNTY),
        "7": Entering(needs=("revoked_reason",), stamps="revoked_on"),
        "9": Entering(needs=("initial_reason",), means={"initial_result": "2"}),
    },
)
"""The street checks and gives public notice, the county decides and issues."""


class Certificate(LedgerEntry):
    """L13 再就业优惠证与政策台帐: an application for a certificate, and the certificate."""

    person = entry(
        "ledgers.Person",
        "申领人",
        "applicant",
        Merge.FIXED,
        required=True,
        related_name="certificates",
    )
    cert_type = code("CTY", "证件种类", "kind of certificate", Merge.FIXED, required=True)
    basis = code("CB", "申领类别", "basis of the claim", Merge.VERIFIED, required=True)
    applied_on = day("申请日期", "applied on", Merge.FIXED, required=True)
    materials = codes("MAT", "申请材料", "documents handed in", Merge.ACCUMULATE)
    initial_result = code("AP", "街道初审结果", "street's first check", Merge.STATES, required=True)
    initial_on = day("初审日期", "first checked on", Merge.STATES)
    initial_reason = text("初审意见", "street's opinion", Merge.LATEST)
    notice_from = day("公示起", "public notice from", Merge.LATEST)
    notice_to = day("公示止", "public notice to", Merge.LATEST)
    county_result = code("AP", "县区审核结果", "county's check", Merge.STATES)
    issued_on = day("发证日期", "issued on", Merge.STATES)
    cert_no = searched("证号", "certificate number", Merge.FIXED)
    revoked_on = day("收回日期", "revoked on", Merge.STATES)
    revoked_reason = code("CR", "收回原因", "reason of revoking", Merge.STATES)
    state = code("ST13", "办证状态", "state of the certificate", Merge.STATES, required=True)

    ledger = LedgerDefinition(
        "certificate",
        "certificates",
        Label("再就业优惠证与政策台帐", "Re-employment certificates"),
        number="L13",
        keys=("person+cert_type+applied_on",),
        confirms=False,
        machines=(CERTIFICATE,),
        search=("cert_no",),
        joined_search=("person__name",),
        ordering=("applied_on", "issued_on"),
        views=(View("in-force", Label("有效证件", "In force"), (Depends("state", ("6",)),)),),
    )


class Policy(LedgerEntry):
    """Policies enjoyed (L13): one policy of one person from one day on."""

    person = entry(
        "ledgers.Person", "享受人", "person", Merge.FIXED, required=True, related_name="policies"
    )
    policy_type = code("PO", "享受政策", "policy", Merge.FIXED, required=True)
    policy_from = day("享受起", "from", Merge.FIXED, required=True)
    policy_to = day("享受止", "until", Merge.LATEST)
    policy_amount = decimal("金额", "amount", Merge.LATEST)

    ledger = LedgerDefinition(
        "policy",
        "policies",
        Label("享受政策台帐", "Policies enjoyed"),
        number="L13",
        keys=("person+policy_type+policy_from",),
        confirms=False,
        joined_search=("person__name",),
        ordering=("policy_from", "policy_to"),
    )


class AnnualCheck(LedgerEntry):
    """Yearly checks of certificates (L13)."""

    certificate = entry(
        "ledgers.Certificate",
        "证件",
        "certificate",
        Merge.FIXED,
        required=True,
        related_name="checks",
    )
    checked_on = day("年检日期", "checked on", Merge.FIXED, required=True)
    result = code("AP", "年检结果", "result", Merge.LATEST, required=True)
    note = text("年检意见", "opinion", Merge.LATEST)

    ledger = LedgerDefinition(
        "annual_check",
        "annual-checks",
        Label("证件年检台帐", "Yearly checks of certificates"),
        number="L13",
        keys=("certificate+checked_on",),
        confirms=False,
        joined_search=("certificate__person__name",),
        ordering=("checked_on",),
    )
