"""R8: certificates, policies enjoyed, loans, training, and transfers of rural labour."""

from __future__ import annotations

from functools import partial
from typing import Final

from django.db.models import Q

from server.core.labels import Label
from server.reports.definitions.indicators import (
    YUAN,
    Grain,
    Indicator,
    Place,
    When,
    each_code,
    happened,
)
from server.reports.definitions.tables import Balance, Group, Report, Rows, Unit
from server.reports.facts.kinds import EventKind as Kind
from server.reports.facts.kinds import Reason

_PIECES: Final = Label("件", "pieces")
_PERSONS: Final = Label("人", "persons")
_TIMES: Final = Label("人次", "times")
_CLAUSE: Final = "劳社厅发[2003]4号 劳社统就11–13号"
_OVERDUE: Final = "8"  # list ST14
_ORGANISED: Final = "1"  # list OB


def _stock(
    ledger: str,
    name: str,
    zh: str,
    en: str,
    words: Label,
    *,
    when: When = When.END,
    where: Q | None = None,
    unit: Label = _PERSONS,
    sums: bool = False,
) -> Indicator:
    """Entries of a register that are in its stock; `sums` for their amounts."""
    holds = Q(is_open=True) & (where or Q())
    return Indicator(
        name, Label(zh, en), words, _CLAUSE, Grain.RECORD, when, Place.ROW, lambda _day: holds,
        unit, ledger=ledger, sums="quantity" if sums else "",
    )  # fmt: skip


_event: Final = partial(happened, clause=_CLAUSE, unit=_PERSONS)

_IN_FORCE: Final = _stock(
    "certificate", "certificates_after", "期末有效", "in force at the end",
    Label("期末有效的证件", "certificates in force at the end"), unit=_PIECES,
)  # fmt: skip
_PLACED: Final = _event(
    "holders", "再就业", "re-employed",
    Label("期内就业、就业时证件有效,按证件计", "work taken up while the certificate was in force, for each certificate"),
    Kind.HOLDER_PLACED,
)  # fmt: skip
_BEGUN: Final = _event(
    "policies_begun", "开始享受", "begun",
    Label("期内开始享受的政策", "policies that began to be enjoyed in the period"),
    Kind.POLICY_IN, unit=_TIMES,
)  # fmt: skip
_AMOUNT: Final = _event(
    "policies_yuan", "金额(元)", "amount",
    Label("期内开始享受的政策金额合计", "amounts of policies begun in the period, summed"),
    Kind.POLICY_IN, unit=YUAN, sums=True,
)  # fmt: skip
_ENROLLED: Final = _event(
    "trainings_begun", "开班", "begun", Label("期内入班的人", "enrolled in the period"), Kind.TRAINING_IN,
)  # fmt: skip
_MOVED: Final = _event(
    "transfers_begun", "本期转移", "moved",
    Label("期内转移就业的农村劳动力", "rural workers who moved in the period"), Kind.TRANSFER_IN,
)  # fmt: skip
_AWAY: Final = _stock(
    "transfer", "transfers_after", "期末在外", "away at the end",
    Label("期末转移就业未返乡的农村劳动力", "rural workers away at the end"),
)  # fmt: skip
_BASES: Final = each_code(_IN_FORCE, "basis", "CB", "category")
_FORMS: Final = each_code(_PLACED, "form", "EF", "category")
_TYPES: Final = each_code(_BEGUN, "policy", "PO", "category")
_AMOUNTS: Final = each_code(_AMOUNT, "yuan", "PO", "category")
_COURSES: Final = each_code(_ENROLLED, "course", "TK", "category")
_GOING: Final = each_code(_MOVED, "moved", "DK", "category")
_PLACES: Final = each_code(_AWAY, "away", "DK", "category")

R8: Final = Report(
    "R8",
    Label("证件、政策、贷款、培训与转移情况表", "Certificates, policies, loans, training, transfers"),
    _CLAUSE,
    Unit.QUARTER,
    Rows.AREAS,
    [
        Group(Label("优惠证等证件", "Certificates"), [
            _event("certificates_applied", "申请", "applied", Label("期内申请", "applied for in the period"),
                   Kind.CERTIFICATE_APPLIED, unit=_PIECES),
            _event("certificates_refused", "不通过", "refused", Label("期内审核不通过", "refused in the period"),
                   Kind.CERTIFICATE_REFUSED, unit=_PIECES),
            _stock("certificate", "certificates_before", "期初有效", "in force at the beginning",
                   Label("上期末有效的证件", "in force at the end of the day before"),
                   when=When.BEGIN, unit=_PIECES),
            _event("issued", "发证", "issued", Label("期内发证", "issued in the period"),
                   Kind.CERTIFICATE_IN, Reason.RECEIVED, unit=_PIECES),
            _event("renewed", "恢复", "renewed", Label("期内失效后恢复", "in force again in the period"),
                   Kind.CERTIFICATE_IN, Reason.REOPENED, unit=_PIECES),
            _event("revoked", "收回", "revoked", Label("期内收回", "revoked in the period"),
                   Kind.CERTIFICATE_OUT, Reason.WITHDRAWN, unit=_PIECES),
            _event("expired", "失效", "expired", Label("期内失效", "expired in the period"),
                   Kind.CERTIFICATE_OUT, Reason.EXPIRED, unit=_PIECES),
            _IN_FORCE,
        ]),
        Group(Label("期末有效:申领类别", "In force, by basis"), _BASES),
        Group(Label("持证人员再就业", "Holders re-employed"), [_PLACED, *_FORMS]),
        Group(Label("享受政策", "Policies enjoyed"), [
            _stock("policy", "policies_before", "期初享受", "enjoyed at the beginning",
                   Label("上期末享受中的政策", "enjoyed at the end of the day before"),
                   when=When.BEGIN, unit=_TIMES),
            _BEGUN,
            _event("policies_ended", "结束", "ended", Label("期内享受期满", "whose time was over in the period"),
                   Kind.POLICY_OUT, unit=_TIMES),
            _stock("policy", "policies_after", "期末享受", "enjoyed at the end",
                   Label("期末享受中的政策", "enjoyed at the end"), unit=_TIMES),
            _AMOUNT,
        ]),
        Group(Label("开始享受:政策", "Begun, by policy"), _TYPES),
        Group(Label("开始享受:金额(元)", "Begun, amount by policy"), _AMOUNTS),
        Group(Label("小额担保贷款", "Loans"), [
            _event("loans_applied", "申请", "applied", Label("期内申请", "applied for in the period"), Kind.LOAN_APPLIED),
            _event("loans_passed", "初审通过", "passed", Label("期内资格初审通过", "passed the first check"),
                   Kind.LOAN_PASSED),
            _event("loans_refused", "未通过", "refused", Label("期内初审不通过或未获批", "failed or refused in the period"),
                   Kind.LOAN_REFUSED),
            _stock("loan", "loans_before", "期初在贷", "outstanding at the beginning",
                   Label("上期末未还清的贷款", "not repaid at the end of the day before"), when=When.BEGIN),
            _event("granted", "发放", "granted", Label("期内发放", "granted in the period"), Kind.LOAN_IN),
            _event("repaid", "还清", "repaid", Label("期内还清", "repaid in the period"), Kind.LOAN_OUT),
            _stock("loan", "loans_after", "期末在贷", "outstanding at the end",
                   Label("期末未还清的贷款", "not repaid at the end")),
            _stock("loan", "loans_overdue", "其中逾期", "overdue", Label("期末逾期的贷款", "overdue at the end"),
                   where=Q(state=_OVERDUE)),
            _event("granted_yuan", "发放金额(元)", "amount granted",
                   Label("期内发放金额合计", "amounts granted in the period, summed"),
                   Kind.LOAN_IN, unit=YUAN, sums=True),
            _stock("loan", "outstanding_yuan", "在贷金额(元)", "amount outstanding",
                   Label("期末未还清贷款的发放金额合计", "amounts granted of loans not repaid at the end, summed"),
                   unit=YUAN, sums=True),
        ]),
        Group(Label("培训与鉴定", "Training"), [
            _event("trainings_applied", "申请", "applied", Label("期内申请", "applied for in the period"),
                   Kind.TRAINING_APPLIED),
            _stock("training", "trainings_before", "期初在训", "in training at the beginning",
                   Label("上期末在训", "in training at the end of the day before"), when=When.BEGIN),
            _ENROLLED,
            _event("completed", "结业", "completed", Label("期内结业", "completed in the period"),
                   Kind.TRAINING_OUT, Reason.CLOSED),
            _event("dropped", "退出", "dropped", Label("期内中途退出", "dropped out in the period"),
                   Kind.TRAINING_OUT, Reason.WITHDRAWN),
            _stock("training", "trainings_after", "期末在训", "in training at the end",
                   Label("期末在训", "in training at the end")),
            _event("certified", "获证", "certified", Label("期内取得证书", "got a certificate in the period"),
                   Kind.TRAINING_CERTIFIED),
            _event("placed", "就业", "placed", Label("期内培训后就业", "took up work after training in the period"),
                   Kind.TRAINING_PLACED),
        ]),
        Group(Label("开班:培训类别", "Begun, by kind"), _COURSES),
        Group(Label("农村富余劳动力转移", "Transfers of rural labour"), [
            _stock("transfer", "transfers_before", "期初在外", "away at the beginning",
                   Label("上期末转移就业未返乡", "away at the end of the day before"), when=When.BEGIN),
            _MOVED,
            _event("organised", "其中政府组织", "organised", Label("期内由政府组织转移", "organised by the government"),
                   Kind.TRANSFER_IN, where=Q(categories__contains=[_ORGANISED])),
            _event("returned", "返乡", "returned", Label("期内返乡", "returned in the period"), Kind.TRANSFER_OUT),
            _AWAY,
        ]),
        Group(Label("本期转移:地域", "Moved, by destination"), _GOING),
        Group(Label("期末在外:地域", "Away, by destination"), _PLACES),
    ],
    [
        Balance(Label("证件期末=期初+发证+恢复-收回-失效", "certificates: end = beginning + in − out"),
                ["certificates_after"],
                ["certificates_before", "issued", "renewed", "-revoked", "-expired"]),
        Balance(Label("各类别合计=期末有效", "bases = in force"), [item.name for item in _BASES],
                ["certificates_after"]),
        Balance(Label("各形式合计=再就业", "forms = re-employed"), [item.name for item in _FORMS],
                ["holders"]),
        Balance(Label("政策期末=期初+开始-结束", "policies: end = beginning + begun − ended"),
                ["policies_after"], ["policies_before", "policies_begun", "-policies_ended"]),
        Balance(Label("各政策合计=开始享受", "policies = begun"), [item.name for item in _TYPES],
                ["policies_begun"]),
        Balance(Label("各政策金额合计=金额", "amounts = amount"), [item.name for item in _AMOUNTS],
                ["policies_yuan"]),
        Balance(Label("贷款期末=期初+发放-还清", "loans: end = beginning + granted − repaid"),
                ["loans_after"], ["loans_before", "granted", "-repaid"]),
        Balance(Label("逾期≤期末在贷", "overdue ≤ outstanding"), ["loans_overdue"], ["loans_after"],
                is_at_most=True),
        Balance(Label("在训期末=期初+开班-结业-退出", "training: end = beginning + begun − completed − dropped"),
                ["trainings_after"],
                ["trainings_before", "trainings_begun", "-completed", "-dropped"]),
        Balance(Label("各类培训合计=开班", "kinds = begun"), [item.name for item in _COURSES],
                ["trainings_begun"]),
        Balance(Label("转移期末=期初+转移-返乡", "transfers: end = beginning + moved − returned"),
                ["transfers_after"], ["transfers_before", "transfers_begun", "-returned"]),
        Balance(Label("各地域合计=本期转移", "destinations = moved"), [item.name for item in _GOING],
                ["transfers_begun"]),
        Balance(Label("各地域合计=期末在外", "destinations = away"), [item.name for item in _PLACES],
                ["transfers_after"]),
    ],
)  # fmt: skip
