"""R7: retired persons who come into the care of the office and leave it, month by month."""

from __future__ import annotations

from typing import Final

from django.db.models import Q

from server.core.labels import Label
from server.ledgers.definitions.codes import Sex
from server.ledgers.definitions.vocabulary import RetireeState
from server.reports.definitions.indicators import Condition, Grain, Indicator, Place, When, happened
from server.reports.definitions.tables import Balance, Group, Rate, Report, Rows, Unit
from server.reports.facts.kinds import EventKind, Reason

_PERSONS: Final = Label("人", "persons")
_CLAUSE: Final = "粤劳社[2005]21号 二(二)"
_IN_CARE: Final = Q(state=RetireeState.IN_CARE)
_NOT_CLAIMED: Final = "5"  # list AP


def _retirees(
    name: str,
    zh: str,
    en: str,
    words: Label,
    where: Condition,
    when: When = When.END,
    *,
    is_restricted: bool = False,
) -> Indicator:
    return Indicator(
        name, Label(zh, en), words, _CLAUSE, Grain.RETIREE, when, Place.ROW, where, _PERSONS,
        is_restricted=is_restricted,
    )  # fmt: skip


def _in_care(
    name: str, zh: str, en: str, words: Label, where: Condition, *, is_restricted: bool = False
) -> Indicator:
    return _retirees(
        name, zh, en, words, lambda day: _IN_CARE & where(day), is_restricted=is_restricted
    )


def _change(name: str, zh: str, en: str, kind: EventKind, reason: Reason) -> Indicator:
    words = Label(f"期内{zh}的退休人员,按发生日期", f"{en} in the period, by the day it happened")
    return happened(name, zh, en, words, kind, reason, clause=_CLAUSE, unit=_PERSONS)


def _late(name: str, zh: str, en: str, words: Label, where: Q) -> Indicator:
    return Indicator(
        name, Label(zh, en), words, _CLAUSE, Grain.EVENT, When.DURING, Place.EVENT,
        lambda _day: Q(kind=EventKind.RETIREE_REPORTED) & where, _PERSONS, late=True,
    )  # fmt: skip


def _dependants(name: str, zh: str, en: str, words: Label, state: RetireeState) -> Indicator:
    return Indicator(
        name, Label(zh, en), words, _CLAUSE, Grain.DEPENDANT, When.END, Place.ROW,
        lambda _day: Q(retiree_state=state), _PERSONS,
    )  # fmt: skip


R7: Final = Report(
    "R7",
    Label("企业退休人员增减月报表", "Retired persons: stock and changes"),
    _CLAUSE,
    Unit.MONTH,
    Rows.AREAS,
    [
        Group(Label("期初", "Beginning"), [
            _retirees("before", "期初在管", "in care at the beginning",
                      Label("上期末在管的退休人员", "in care at the end of the day before"),
                      lambda _day: _IN_CARE, When.BEGIN),
        ]),
        Group(Label("本期增加", "Came"), [
            _change("new", "新退休", "newly retired", EventKind.RETIREE_IN, Reason.NEWLY_RETIRED),
            _change("moved_in", "转入", "moved in", EventKind.RETIREE_IN, Reason.MOVED_IN),
            _change("resumed", "恢复", "resumed", EventKind.RETIREE_IN, Reason.RESUMED),
            _change("listed", "首次建档", "first recorded", EventKind.RETIREE_IN, Reason.LISTED),
        ]),
        Group(Label("本期减少", "Left"), [
            _change("died", "死亡", "died", EventKind.RETIREE_OUT, Reason.DIED),
            _change("moved_out", "转出", "moved out", EventKind.RETIREE_OUT, Reason.MOVED_OUT),
            _change("stopped", "停发", "pension stopped", EventKind.RETIREE_OUT, Reason.STOPPED),
            _change("emigrated", "出境", "emigrated", EventKind.RETIREE_OUT, Reason.EMIGRATED),
        ]),
        Group(Label("期末", "End"), [
            _retirees("after", "期末在管", "in care at the end",
                      Label("期末在管的退休人员", "in care at the end"), lambda _day: _IN_CARE),
        ]),
        Group(Label("期末其中", "Of these"), [
            _in_care("women", "女", "women", Label("性别为女", "sex female"),
                     lambda _day: Q(sex=Sex.FEMALE)),
            _in_care("party", "党员", "party members", Label("登记为党员", "recorded as party member"),
                     lambda _day: Q(is_party=True), is_restricted=True),
            _in_care("special", "特殊人员", "special classes",
                     Label("有劳模、工伤、高龄、特困、孤寡、重病之一",
                           "of any special class: model worker, work injury, very old, destitute, no kin, grave illness"),
                     lambda _day: Q(is_special=True)),
        ]),
        Group(Label("资格认证", "Proof of life"), [
            _in_care("due", "应认证", "owed",
                     Label("期末在管且退休满一个认证周期", "in care and retired for a whole cycle"),
                     lambda day: Q(proof_from__lte=day)),
            _in_care("proven", "已认证", "given",
                     Label("应认证中,最近认证在一个周期以内", "of these, the last proof is within the cycle"),
                     lambda day: Q(proof_from__lte=day, proof_until__gt=day)),
            _in_care("unproven", "未认证", "missing",
                     Label("应认证中,没有认证或已过周期", "of these, none or longer ago"),
                     lambda day: Q(proof_from__lte=day)
                     & (Q(proof_until=None) | Q(proof_until__lte=day))),
            Rate("rate", Label("认证率(%)", "rate (%)"), Label("已认证÷应认证", "given ÷ owed"),
                 ("proven",), ("due",)),
        ]),
        Group(Label("供养", "Relatives"), [
            _dependants("dependants", "供养直系亲属", "dependants",
                        Label("期末由在管退休人员供养的直系亲属", "of those in care, at the end"),
                        RetireeState.IN_CARE),
            _dependants("survivors", "遗属", "survivors",
                        Label("期末已死亡退休人员原供养的直系亲属", "of those who died, at the end"),
                        RetireeState.DECEASED),
        ]),
        Group(Label("死亡待遇", "After death"), [
            _retirees("unclaimed", "死亡未申领", "grant not claimed",
                      Label("期末已死亡而丧葬补助尚未申领", "died, and the funeral grant is not claimed"),
                      lambda _day: Q(state=RetireeState.DECEASED, funeral_claim=_NOT_CLAIMED)),
        ]),
        Group(Label("补报", "Reported late"), [
            _late("late_deaths", "补报死亡", "deaths",
                  Label("本期才报告、死亡日期在期初以前", "reported in the period, died before it"),
                  Q(reason=Reason.DIED)),
            _late("late_others", "补报其他", "others",
                  Label("本期才报告、发生日期在期初以前的其他增减",
                        "other changes reported in the period that happened before it"),
                  ~Q(reason=Reason.DIED)),
        ]),
    ],
    [
        Balance(Label("期末=期初+增加-减少", "end = beginning + came − left"), ["after"],
                ["before", "new", "moved_in", "resumed", "listed", "-died", "-moved_out",
                 "-stopped", "-emigrated"]),
        Balance(Label("女≤期末", "women ≤ end"), ["women"], ["after"], is_at_most=True),
        Balance(Label("特殊人员≤期末", "special classes ≤ end"), ["special"], ["after"],
                is_at_most=True),
        Balance(Label("已认证+未认证=应认证", "given + missing = owed"), ["proven", "unproven"],
                ["due"]),
        Balance(Label("应认证≤期末", "owed ≤ end"), ["due"], ["after"], is_at_most=True),
    ],
    annex=["new", "moved_in", "resumed", "listed", "died", "moved_out", "stopped", "emigrated",
           "late_deaths", "late_others"],
)  # fmt: skip
