"""R10: what work was done and how good its records are (S1 to S5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.db.models import Q

from server.core.labels import Label
from server.reports.definitions.indicators import Grain, Indicator, Place, When
from server.reports.definitions.tables import (
    Balance,
    Column,
    Form,
    Group,
    Measure,
    Rate,
    Report,
    Rows,
    Unit,
)

_HOUSEHOLDS: Final = Label("户", "households")
_PERSONS: Final = Label("人", "persons")
_RECORDS: Final = Label("条", "records")
_EXCEPTIONS: Final = Label("项", "exceptions")
_COMMUNITIES: Final = Label("个", "communities")
_HOURS: Final = Label("小时", "hours")
_SURVEY: Final = "粤劳社[2005]21号 (S3)"
_NETWORK: Final = "粤劳社[2005]21号 (S4)"
_STAFF: Final = "粤劳社[2005]21号 (S5)"
_APPRAISAL: Final = "粤劳社[2005]21号 (S1)"
_NEXT_DAY: Final = 1
_WEEK: Final = 7
_CONFLICTS: Final = ("conflict", "name_differs", "two_hukou_households", "entity_conflict")


def _census(name: str, zh: str, en: str, words: Label, unit: Label, sums: str) -> Indicator:
    return Indicator(
        name, Label(zh, en), words, _SURVEY, Grain.FIGURE, When.END, Place.ROW,
        lambda _day: Q(kind="census"), unit, sums=sums,
    )  # fmt: skip


def _record(
    name: str, zh: str, en: str, words: Label, where: Q, clause: str = _APPRAISAL
) -> Indicator:
    """Records of visits in the period."""
    return Indicator(
        name, Label(zh, en), words, clause, Grain.RECEIVED, When.DURING, Place.ROW,
        lambda _day: where, _RECORDS,
    )  # fmt: skip


def _doubt(name: str, zh: str, en: str, words: Label, when: When, where: Q) -> Indicator:
    return Indicator(
        name, Label(zh, en), words, _APPRAISAL, Grain.DOUBT, when, Place.ROW,
        lambda _day: where, _EXCEPTIONS,
    )  # fmt: skip


def _percent(name: str, zh: str, en: str, words: Label, over: str, *under: str) -> Rate:
    return Rate(name, Label(zh, en), words, tuple(over.split()), under)


_COVERAGE: Final[Sequence[Column]] = [
    _census("census_households", "普查户数", "census households",
            Label("期末有效的社区普查户数", "households of the community's census in force at the end"),
            _HOUSEHOLDS, "quantity"),
    Indicator(
        "households", Label("在册户数", "recorded households"),
        Label("期末有人居住的家庭户", "households in which somebody lives at the end"),
        _SURVEY, Grain.HOUSEHOLD, When.END, Place.ROW, lambda _day: Q(is_inhabited=True), _HOUSEHOLDS,
    ),
    _percent("covered_households", "户覆盖率", "households covered",
             Label("在册户数占普查户数的百分比", "recorded households, percent of the census"),
             "households", "census_households"),
    _census("census_people", "普查人口", "census people",
            Label("期末有效的社区普查人口", "people of the community's census in force at the end"),
            _PERSONS, "people"),
    Indicator(
        "people", Label("在册人口", "recorded people"),
        Label("期末常住本地的人", "living here at the end"),
        _SURVEY, Grain.PERSON, When.END, Place.RESIDENCE, lambda _day: Q(), _PERSONS,
    ),
    _percent("covered_people", "人口覆盖率", "people covered",
             Label("在册人口占普查人口的百分比", "recorded people, percent of the census"),
             "people", "census_people"),
]  # fmt: skip
_ONLINE: Final[Sequence[Column]] = [
    Indicator(
        "communities", Label("应报社区", "communities"),
        Label("期末有普查数的社区", "communities with a census in force at the end"),
        _NETWORK, Grain.FIGURE, When.END, Place.ROW, lambda _day: Q(kind="census"), _COMMUNITIES,
        counts_entries=True, once="area_code",
    ),
    Indicator(
        "sending", Label("有上报的社区", "that sent records"),
        Label("期内有走访记录的社区", "communities with a record of a visit in the period"),
        _NETWORK, Grain.RECEIVED, When.DURING, Place.ROW, lambda _day: Q(), _COMMUNITIES,
        counts_entries=True, once="area_code",
    ),
    _percent("online", "联网率", "online",
             Label("有上报的社区占应报社区的百分比", "communities that sent records, percent of all"),
             "sending", "communities"),
]  # fmt: skip
_TIME: Final[Sequence[Column]] = [
    _record("records", "走访记录", "records",
            Label("期内走访、未作废的记录,含退回的", "records of visits in the period, rejected ones, too"), Q()),
    _record("by_next_day", "次日内收到", "by the next day",
            Label("走访当日或次日收到", "received on the day of the visit or the next"),
            Q(days_late__lte=_NEXT_DAY)),
    _record("within_week", "七日内收到", "within a week",
            Label("走访后第2至7日收到", "received 2 to 7 days after the visit"),
            Q(days_late__gt=_NEXT_DAY, days_late__lte=_WEEK)),
    _record("late", "七日后收到", "later",
            Label("走访7日以后收到", "received more than 7 days after the visit"),
            Q(days_late__gt=_WEEK)),
    _percent("timely", "及时率", "timely",
             Label("七日内收到的占全部记录的百分比", "received within a week, percent of all records"),
             "by_next_day within_week", "records"),
]  # fmt: skip
_PLACE: Final[Sequence[Column]] = [
    _record("near", "定位相符", "place agrees",
            Label("定位在所填社区内,或超出不多于精度", "placed in the community that it names, or outside by no more than the accuracy"),
            Q(position="near")),
    _record("far", "定位不符", "place differs",
            Label("定位在所填社区外", "placed outside the community that it names"), Q(position="far")),
    _record("no_place", "无定位", "no place", Label("没有定位", "without a place"), Q(position="none")),
    _record("no_outline", "无边界", "no outline",
            Label("定位处没有社区边界,无法比较", "placed where no community has an outline"),
            Q(position="unknown")),
    _percent("agreeing", "定位相符率", "places agree",
             Label("定位相符的占可比较记录的百分比", "percent of the records that can be compared"),
             "near", "near", "far"),
]  # fmt: skip
_REVIEW: Final[Sequence[Column]] = [
    _record("waiting", "待审", "waiting", Label("尚未审核,含修改后", "not reviewed yet, edited ones, too"),
            Q(state__in=("received", "edited"))),
    _record("approved", "通过", "approved", Label("审核通过", "approved"), Q(state="approved")),
    _record("issues", "有问题", "with issues", Label("审核认为有问题", "has issues by review"),
            Q(state="has_issues")),
    _record("rejected", "退回", "rejected", Label("审核退回,不计入台帐", "rejected; counts in no ledger"),
            Q(state="rejected")),
    _percent("rejection", "退回率", "rejected",
             Label("退回的占全部记录的百分比", "percent of all records"), "rejected", "records"),
]  # fmt: skip
_DOUBTS: Final[Sequence[Column]] = [
    _doubt("doubts_before", "期初未决", "open before",
           Label("期初未处理的异常", "exceptions that nobody had resolved before the period"), When.BEGIN, Q()),
    _doubt("doubts_new", "新增", "new",
           Label("期内记录引起的异常", "raised by records of the period"), When.BEGAN, Q()),
    _doubt("conflicts", "其中冲突", "of which conflicts",
           Label("新增异常中数据相互矛盾的", "new ones in which data contradict each other"),
           When.BEGAN, Q(kind__in=_CONFLICTS)),
    _doubt("doubts_done", "已处理", "resolved",
           Label("期内处理的异常", "resolved in the period"), When.ENDED, Q()),
    _doubt("doubts_open", "期末未决", "open at the end",
           Label("期末未处理的异常", "that nobody has resolved at the end"), When.END, Q()),
]  # fmt: skip
_WORK: Final[Sequence[Column]] = [
    Indicator(
        "workers", Label("走访人员", "workers"),
        Label("期内有走访记录的人员;每人计一次", "who made a record of a visit in the period; each once"),
        _APPRAISAL, Grain.RECEIVED, When.DURING, Place.ROW, lambda _day: Q(), _PERSONS,
        counts_entries=True, once="worker",
    ),
    Rate("per_worker", Label("人均走访", "records each"),
         Label("走访记录÷走访人员", "records ÷ workers"), ("records",), ("workers",), Measure.RATIO),
    Indicator(
        "certified", Label("持证人员", "certified"),
        Label("期末持有效上岗证的人员;每人计一次", "staff with a certificate in force at the end; each once"),
        _STAFF, Grain.FIGURE, When.END, Place.ROW, lambda _day: Q(kind="certificate"), _PERSONS,
        counts_entries=True,
    ),
    Indicator(
        "students", Label("学习人员", "in study"),
        Label("期内参加学习的人员;每人计一次", "staff with a study day in the period; each once"),
        _STAFF, Grain.FIGURE, When.DURING, Place.ROW, lambda _day: Q(kind="study"), _PERSONS,
        counts_entries=True,
    ),
    Indicator(
        "study_hours", Label("学习时数", "hours of study"),
        Label("期内学习时数", "hours of study in the period"),
        _STAFF, Grain.FIGURE, When.DURING, Place.ROW, lambda _day: Q(kind="study"), _HOURS,
        sums="quantity",
    ),
]  # fmt: skip

R10: Final = Report(
    "R10",
    Label("工作量与质量", "Work and quality"),
    "粤劳社[2005]21号 (S1–S5)",
    Unit.QUARTER,
    Rows.AREAS,
    [
        Group(Label("覆盖", "Coverage"), _COVERAGE),
        Group(Label("联网", "Online"), _ONLINE),
        Group(Label("时效", "Timeliness"), _TIME),
        Group(Label("定位", "Places"), _PLACE),
        Group(Label("审核", "Review"), _REVIEW),
        Group(Label("异常", "Exceptions"), _DOUBTS),
        Group(Label("人员", "Staff"), _WORK),
    ],
    [
        Balance(
            Label("走访记录=次日内+七日内+七日后", "records = by the next day + within a week + later"),
            ["records"], ["by_next_day", "within_week", "late"],
        ),
        Balance(
            Label("走访记录=相符+不符+无定位+无边界", "records = agrees + differs + no place + no outline"),
            ["records"], ["near", "far", "no_place", "no_outline"],
        ),
        Balance(
            Label("走访记录=待审+通过+有问题+退回", "records = waiting + approved + issues + rejected"),
            ["records"], ["waiting", "approved", "issues", "rejected"],
        ),
        Balance(
            Label("期末未决=期初+新增−已处理", "open at the end = before + new − resolved"),
            ["doubts_open"], ["doubts_before", "doubts_new", "-doubts_done"],
        ),
        Balance(
            Label("冲突≤新增异常", "conflicts ≤ new exceptions"),
            ["conflicts"], ["doubts_new"], is_at_most=True,
        ),
    ],
    forms=[
        Form(
            Label("考评表", "Appraisal"),
            [Label("数值", "number")],
            [
                (Label("户覆盖率(%)", "households covered (%)"), ["covered_households"]),
                (Label("人口覆盖率(%)", "people covered (%)"), ["covered_people"]),
                (Label("社区联网率(%)", "communities online (%)"), ["online"]),
                (Label("走访及时率(%)", "timely (%)"), ["timely"]),
                (Label("定位相符率(%)", "places agree (%)"), ["agreeing"]),
                (Label("退回率(%)", "rejected (%)"), ["rejection"]),
                (Label("期末未决异常(项)", "exceptions open at the end"), ["doubts_open"]),
                (Label("人均走访(条)", "records each"), ["per_worker"]),
                (Label("持证人员(人)", "certified staff"), ["certified"]),
                (Label("学习时数(小时)", "hours of study"), ["study_hours"]),
            ],
        )
    ],
)  # fmt: skip
