"""R9: petitions, matters at employers, and consultations."""

from __future__ import annotations

from functools import partial
from typing import Final

from django.db.models import Q

from server.core.labels import Label
from server.reports.definitions.indicators import (
    YUAN,
    Condition,
    Grain,
    Indicator,
    Place,
    When,
    each_code,
    happened,
)
from server.reports.definitions.tables import Balance, Group, Report, Rows, Unit
from server.reports.facts.kinds import EventKind, Reason

_CASES: Final = Label("件", "cases")
_PEOPLE: Final = Label("人次", "people")
_TIMES: Final = Label("次", "times")
_LEAFLETS: Final = Label("份", "leaflets")
_CLAUSE: Final = "粤劳社[2005]21号 二(三)"
_GROUP: Final = 5
"""So many petitioners choose representatives (信访条例 art. 18)."""
_AGREED: Final = "1"  # list MD


def _stock(
    name: str, zh: str, en: str, words: Label, ledger: str, when: When, where: Condition
) -> Indicator:
    return Indicator(
        name, Label(zh, en), words, _CLAUSE, Grain.RECORD, when, Place.ROW,
        lambda day: Q(is_open=True) & where(day), _CASES,
        ledger=ledger, is_restricted=ledger == "petition",
    )  # fmt: skip


_event: Final = partial(happened, clause=_CLAUSE, unit=_CASES)

_RECEIVED: Final = _event(
    "received", "收到", "received", Label("期内收到的信访", "petitions received in the period"),
    EventKind.PETITION_IN, Reason.RECEIVED,
)  # fmt: skip
_CHANNELS: Final = each_code(_RECEIVED, "channel", "CHP", "categories", several=True)
_TOPICS: Final = each_code(_RECEIVED, "topic", "PT", "category")
_MATTERS: Final = _event(
    "matters", "发现", "reported",
    Label("期内发现的监察协查、纠纷、隐患事项", "matters of inspection, disputes and risks reported in the period"),
    EventKind.MATTER_IN, Reason.RECEIVED,
)  # fmt: skip
_KINDS: Final = each_code(_MATTERS, "kind", "DK17", "category")
_TALKS: Final = _event(
    "talks", "次数", "times",
    Label("期内的咨询、指导、宣传", "consultations, guidance and outreach in the period"),
    EventKind.CONSULTED, unit=_TIMES,
)  # fmt: skip
_ABOUT: Final = each_code(_TALKS, "about", "CTP", "category")

R9: Final = Report(
    "R9",
    Label("信访监察咨询情况表", "Petitions, inspections and consultations"),
    _CLAUSE,
    Unit.MONTH,
    Rows.AREAS,
    [
        Group(Label("信访", "Petitions"), [
            _stock("before", "期初", "at the beginning",
                   Label("上期末未办结的信访", "petitions not closed at the end of the day before"),
                   "petition", When.BEGIN, lambda _day: Q()),
            _RECEIVED,
            _event("reopened", "复查重开", "reopened",
                   Label("期内申请复查的已办结信访", "closed petitions of which a review was asked"),
                   EventKind.PETITION_IN, Reason.REOPENED),
            _event("closed", "办结", "closed", Label("期内办结", "closed in the period"),
                   EventKind.PETITION_OUT, Reason.CLOSED),
            _event("passed_on", "转送", "passed on", Label("期内转送其他机关", "passed on in the period"),
                   EventKind.PETITION_OUT, Reason.PASSED_ON),
            _event("refused", "不予受理", "not accepted",
                   Label("期内决定不予受理", "not accepted in the period"),
                   EventKind.PETITION_OUT, Reason.REFUSED),
            _stock("after", "期末", "at the end",
                   Label("期末未办结的信访", "petitions not closed at the end"),
                   "petition", When.END, lambda _day: Q()),
            _stock("overdue", "超期", "overdue",
                   Label("期末未办结且已过办理期限", "not closed at the end, and the day by which to act is over"),
                   "petition", When.END, lambda day: Q(due_on__lt=day)),
            _event("accepted", "受理", "accepted", Label("期内受理", "accepted in the period"),
                   EventKind.PETITION_ACCEPTED),
            _event("people", "人次", "people",
                   Label("期内收到的信访的人数合计", "people of the petitions received, summed"),
                   EventKind.PETITION_IN, Reason.RECEIVED, unit=_PEOPLE, sums=True,
                   judged_by="received"),
            _event("groups", "集体访", "groups",
                   Label("期内收到的五人及以上的信访", "petitions received of five people or more"),
                   EventKind.PETITION_IN, Reason.RECEIVED, where=Q(quantity__gte=_GROUP)),
        ]),
        Group(Label("收到的信访:来源", "Received, by channel"), _CHANNELS),
        Group(Label("收到的信访:类别", "Received, by topic"), _TOPICS),
        Group(Label("监察与纠纷", "Inspections and disputes"), [
            _stock("matters_before", "期初", "at the beginning",
                   Label("上期末未办结的事项", "matters not settled at the end of the day before"),
                   "inspection", When.BEGIN, lambda _day: Q()),
            _MATTERS,
            _event("matters_reopened", "重新处理", "reopened",
                   Label("期内重新处理的已办结事项", "settled matters taken up again"),
                   EventKind.MATTER_IN, Reason.REOPENED),
            _event("settled", "办结", "settled", Label("期内办结", "settled in the period"),
                   EventKind.MATTER_OUT),
            _stock("matters_after", "期末", "at the end",
                   Label("期末未办结的事项", "matters not settled at the end"),
                   "inspection", When.END, lambda _day: Q()),
            _event("workers", "涉及人数", "workers",
                   Label("期内发现的事项涉及的人数合计", "workers concerned by the matters reported, summed"),
                   EventKind.MATTER_IN, Reason.RECEIVED, unit=_PEOPLE, sums=True),
            _event("agreed", "调解成功", "agreed",
                   Label("期内办结且调解达成协议", "settled in the period by an agreement"),
                   EventKind.MATTER_OUT, where=Q(categories__contains=[_AGREED])),
            _event("arrears", "追回欠薪(元)", "arrears recovered",
                   Label("期内办结的欠薪事项涉及的金额合计,调解未达成和转仲裁的除外",
                         "amounts of matters of unpaid wages settled in the period, but for those not agreed or sent to arbitration, summed"),
                   EventKind.ARREARS_SETTLED, unit=YUAN, sums=True),
        ]),
        Group(Label("发现的事项:类别", "Reported, by kind"), _KINDS),
        Group(Label("咨询与宣传", "Consultations"), [
            _TALKS,
            _event("audience", "人次", "people",
                   Label("咨询、指导、宣传的人数合计", "people who were advised or reached, summed"),
                   EventKind.CONSULTED, unit=_PEOPLE, sums=True),
            _event("leaflets", "发放资料(份)", "leaflets",
                   Label("期内发放的资料份数合计", "leaflets handed out, summed"),
                   EventKind.LEAFLETS, unit=_LEAFLETS, sums=True),
        ]),
        Group(Label("咨询:事项", "Consultations, by topic"), _ABOUT),
    ],
    [
        Balance(Label("信访期末=期初+收到+重开-办结-转送-不予受理",
                      "petitions: end = beginning + in − out"), ["after"],
                ["before", "received", "reopened", "-closed", "-passed_on", "-refused"]),
        Balance(Label("各来源合计=收到", "channels = received"),
                [item.name for item in _CHANNELS], ["received"]),
        Balance(Label("各类别合计=收到", "topics = received"), [item.name for item in _TOPICS],
                ["received"]),
        Balance(Label("超期≤期末", "overdue ≤ end"), ["overdue"], ["after"], is_at_most=True),
        Balance(Label("事项期末=期初+发现+重新处理-办结", "matters: end = beginning + in − out"),
                ["matters_after"],
                ["matters_before", "matters", "matters_reopened", "-settled"]),
        Balance(Label("各类事项合计=发现", "kinds = reported"), [item.name for item in _KINDS],
                ["matters"]),
        Balance(Label("各咨询事项合计=次数", "topics = consultations"),
                [item.name for item in _ABOUT], ["talks"]),
    ],
)  # fmt: skip
