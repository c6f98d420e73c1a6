"""R4 and R5: assisted persons, and households in which nobody works."""

from __future__ import annotations

from datetime import date
from typing import Final

from django.db.models import Q

from server.core.labels import Label
from server.ledgers.definitions.vocabulary import ZeroEmploymentState
from server.ledgers.folding.derive.ages import add_months
from server.reports.definitions.indicators import Condition, Grain, Indicator, Place, When
from server.reports.definitions.tables import Balance, Group, Report, Rows, Unit
from server.reports.facts.kinds import EventKind, Reason

_PERSONS: Final = Label("人", "persons")
_TIMES: Final = Label("人次", "times")
_HOUSEHOLDS: Final = Label("户", "households")


def _cases(name: str, zh: str, en: str, words: Label, when: When) -> Indicator:
    return Indicator(
        name,
        Label(zh, en),
        words,
        "粤劳社[2005]21号 二(一)3",
        Grain.CASE,
        when,
        Place.ROW,
        lambda _day: Q(),
        _PERSONS,
    )


def _event(
    name: str,
    zh: str,
    en: str,
    words: Label,
    kind: EventKind,
    *,
    reason: str = "",
    unit: Label = _TIMES,
    counts_entries: bool = False,
) -> Indicator:
    """Something that happened to persons with an open case."""
    where = Q(kind=kind, reason=reason) if reason else Q(kind=kind)
    return Indicator(
        name, Label(zh, en), words, "粤劳社[2005]21号 二(一)3", Grain.EVENT, When.DURING, Place.EVENT,
        lambda _day: where, unit, counts_entries=counts_entries,
    )  # fmt: skip


R4: Final = Report(
    "R4",
    Label("就业援助对象情况表", "Assisted persons"),
    "粤劳社[2005]21号 二(一)3",
    Unit.QUARTER,
    Rows.CATEGORIES,
    [
        Group(Label("援助对象", "Cases"), [
            _cases("before", "期初", "at the beginning",
                   Label("上期末未退出的援助对象", "open cases at the end of the day before"),
                   When.BEGIN),
            _event("opened", "新增", "opened", Label("期内新建档", "cases opened in the period"),
                   EventKind.CASE_IN, unit=_PERSONS),
            _event("out_job", "就业退出", "closed by work",
                   Label("因稳定就业退出", "closed because the job lasted"), EventKind.CASE_OUT,
                   reason=Reason.JOB, unit=_PERSONS),
            _event("out_other", "其他退出", "closed otherwise",
                   Label("因其他原因退出", "closed for another reason"), EventKind.CASE_OUT,
                   reason=Reason.OTHER, unit=_PERSONS),
            _cases("after", "期末", "at the end",
                   Label("期末未退出的援助对象", "open cases at the end"), When.END),
        ]),
        Group(Label("走访", "Visits"), [
            _event("visits", "走访人次", "visits", Label("期内完成的走访", "visits made"),
                   EventKind.VISITED),
            _event("visited", "走访人数", "persons visited",
                   Label("期内走访过的人,一人一次", "persons visited, each once"),
                   EventKind.VISITED, unit=_PERSONS, counts_entries=True),
        ]),
        Group(Label("援助", "Help"), [
            _event("guided", "职业指导", "guided", Label("走访时的职业指导", "guidance at visits"),
                   EventKind.GUIDED),
            _event("offers", "送岗人次", "jobs offered", Label("送岗记录", "offers made"),
                   EventKind.OFFERED),
            _event("accepted", "接受", "accepted", Label("期内送岗已接受", "offers accepted"),
                   EventKind.ACCEPTED),
            _event("trained", "培训", "trained", Label("期内开班的培训", "trainings begun"),
                   EventKind.TRAINED),
            _event("policies", "享受政策", "policies", Label("期内开始享受", "policies begun"),
                   EventKind.POLICY),
        ]),
        Group(Label("就业", "Placed"), [
            _event("unit", "单位", "in a unit", Label("安置于单位或派遣", "placed in a unit"),
                   EventKind.PLACED, reason="unit"),
            _event("welfare", "公益", "welfare post",
                   Label("安置于公益性岗位", "placed in a public-welfare post"), EventKind.PLACED,
                   reason="welfare"),
            _event("flexible", "灵活", "flexible or own",
                   Label("灵活就业或自谋职业", "flexible work or self-employment"),
                   EventKind.PLACED, reason="flexible"),
            _event("other_work", "其他", "others", Label("其他形式", "any other form"),
                   EventKind.PLACED, reason="other"),
            _event("stable", "稳定6月", "six months",
                   Label("就业满六个月", "the job lasted six months"), EventKind.PLACED,
                   reason=Reason.STABLE),
        ]),
    ],
    [
        Balance(Label("期末=期初+新增-退出", "end = beginning + opened − closed"), ["after"],
                ["before", "opened", "-out_job", "-out_other"]),
        Balance(Label("走访人数≤走访人次", "persons visited ≤ visits"), ["visited"], ["visits"],
                is_at_most=True),
        Balance(Label("接受≤送岗", "accepted ≤ offers"), ["accepted"], ["offers"],
                is_at_most=True),
    ],
)  # fmt: skip


def _zero(name: str, zh: str, en: str, words: Label, where: Condition, when: When) -> Indicator:
    return Indicator(
        name, Label(zh, en), words, "劳社部发〔2007〕24号", Grain.HOUSEHOLD, when, Place.ROW,
        lambda day: Q(state=ZeroEmploymentState.CERTIFIED) & where(day), _HOUSEHOLDS,
    )  # fmt: skip


def _change(name: str, zh: str, en: str, kind: EventKind, reason: Reason) -> Indicator:
    return Indicator(
        name, Label(zh, en), Label(f"期内{zh}的零就业家庭", f"zero-employment households: {en}"),
        "劳社部发〔2007〕24号", Grain.EVENT, When.DURING, Place.EVENT,
        lambda _day: Q(kind=kind, reason=reason), _HOUSEHOLDS,
    )  # fmt: skip


def _overdue(day: date) -> Q:
    return Q(state_since__lt=add_months(day, -1))


R5: Final = Report(
    "R5",
    Label("零就业家庭动态表", "Zero-employment households"),
    "劳社部发〔2007〕24号",
    Unit.MONTH,
    Rows.AREAS,
    [
        Group(Label("零就业家庭", "Households"), [
            _zero("before", "期初", "at the beginning",
                  Label("上期末已认定而未消除", "certified at the end of the day before"),
                  lambda _day: Q(), When.BEGIN),
            _change("certified", "新认定", "certified", EventKind.ZERO_IN, Reason.CERTIFIED),
            _change("relapsed", "反弹", "relapsed", EventKind.ZERO_IN, Reason.RELAPSED),
            _change("helped", "就业消除", "helped into work", EventKind.ZERO_OUT, Reason.JOB),
            _change("exited", "退出", "exited", EventKind.ZERO_OUT, Reason.EXITED),
            _zero("after", "期末", "at the end",
                  Label("期末已认定而未消除;季末目标为0", "certified at the end; the target at a quarter's end is 0"),
                  lambda _day: Q(), When.END),
            _zero("overdue", "超期", "overdue",
                  Label("认定超过一个月仍未消除", "certified for longer than a month"),
                  _overdue, When.END),
        ]),
    ],
    [
        Balance(Label("期末=期初+新认定+反弹-消除-退出", "end = beginning + in − out"), ["after"],
                ["before", "certified", "relapsed", "-helped", "-exited"]),
        Balance(Label("超期≤期末", "overdue ≤ end"), ["overdue"], ["after"], is_at_most=True),
    ],
)  # fmt: skip
