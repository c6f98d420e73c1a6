"""R6: places that employers want to fill, and public-welfare posts, month by month and by occupation."""

from __future__ import annotations

from typing import Final

from django.db.models import Q

from server.core.labels import Label
from server.reports.definitions.indicators import Grain, Indicator, Place, When, happened
from server.reports.definitions.tables import Balance, Group, Report, Rows, Unit
from server.reports.facts.kinds import EventKind, Reason

_PLACES: Final = Label("人", "places")
_PERSONS: Final = Label("人", "persons")
_CLAUSE: Final = "粤劳社[2005]21号 二(一)2"
_WELFARE: Final = ~Q(categories=[])


def _free(
    name: str,
    zh: str,
    en: str,
    words: Label,
    when: When,
    where: Q | None = None,
    *,
    sums: bool = True,
) -> Indicator:
    holds = Q(is_open=True) & (where or Q())
    unit = _PLACES if sums else Label("条", "vacancies")
    return Indicator(
        name, Label(zh, en), words, _CLAUSE, Grain.RECORD, when, Place.ROW, lambda _day: holds,
        unit, ledger="vacancy", sums="quantity" if sums else "",
    )  # fmt: skip


def _change(name: str, zh: str, en: str, words: Label, kind: EventKind, where: Q) -> Indicator:
    return happened(name, zh, en, words, kind, clause=_CLAUSE, unit=_PLACES, where=where, sums=True)


def _came(name: str, zh: str, en: str, words: Label, reason: Reason) -> Indicator:
    return _change(name, zh, en, words, EventKind.VACANCY_IN, Q(reason=reason))


def _went(name: str, zh: str, en: str, words: Label, reason: Reason) -> Indicator:
    return _change(name, zh, en, words, EventKind.VACANCY_OUT, Q(reason=reason))


def _hired(name: str, zh: str, en: str, words: Label, where: Q) -> Indicator:
    return happened(
        name, zh, en, words, EventKind.HIRED, clause=_CLAUSE, unit=_PERSONS, where=where
    )


R6: Final = Report(
    "R6",
    Label("空岗与公益性岗位情况表", "Vacancies and public-welfare posts"),
    _CLAUSE,
    Unit.MONTH,
    Rows.CODES,
    [
        Group(Label("空岗", "Free places"), [
            _free("before", "期初", "at the beginning",
                  Label("上期末有效岗位的空缺人数", "free places of vacancies in force at the end of the day before"),
                  When.BEGIN),
            _came("new", "新增", "new", Label("期内新登记岗位的需求人数", "wanted by vacancies first recorded in the period"),
                  Reason.RECEIVED),
            _came("renewed", "续期", "renewed",
                  Label("期内重新有效的过期或撤销岗位的空缺", "of vacancies that are in force again"),
                  Reason.RENEWED),
            _came("more", "增加需求", "more wanted", Label("期内增加的需求人数", "more people wanted"),
                  Reason.MORE),
            _came("freed", "离岗空出", "freed", Label("期内录用人员离岗空出", "somebody who was hired left"),
                  Reason.FREED),
            _went("filled", "已补", "filled",
                  Label("期内补上的空缺:录用上岗,或登记为招满", "filled in the period: somebody was hired, or the vacancy was stated to be filled"), Reason.FILLED),
            _went("withdrawn", "撤销", "withdrawn", Label("期内撤销岗位的空缺", "of vacancies withdrawn"),
                  Reason.WITHDRAWN),
            _went("expired", "过期", "expired",
                  Label("期内过了有效期的岗位的空缺", "of vacancies whose last day is over"),
                  Reason.EXPIRED),
            _went("fewer", "减少需求", "fewer wanted", Label("期内减少的需求人数", "fewer people wanted"),
                  Reason.FEWER),
            _free("after", "期末", "at the end",
                  Label("期末有效岗位的空缺人数", "free places of vacancies in force at the end"), When.END),
            _free("vacancies", "期末岗位数", "vacancies",
                  Label("期末有空缺的有效岗位", "vacancies in force with free places at the end"),
                  When.END, sums=False),
        ]),
        Group(Label("录用", "Hired"), [
            _hired("hired", "录用", "hired", Label("期内录用上岗的人", "hired in the period"), Q()),
            _hired("assisted", "援助对象", "assisted", Label("其中援助对象", "of these with an assistance case"),
                   Q(reason=Reason.ASSISTED)),
        ]),
        Group(Label("公益性岗位", "Public-welfare posts"), [
            _free("welfare_before", "期初", "at the beginning",
                  Label("上期末公益性岗位的空缺人数", "free public-welfare places at the end of the day before"),
                  When.BEGIN, _WELFARE),
            _change("welfare_in", "增加", "came", Label("期内增加的公益性岗位空缺", "public-welfare places that became free"),
                    EventKind.VACANCY_IN, _WELFARE),
            _change("welfare_filled", "已补", "filled", Label("期内补上的公益性岗位空缺", "public-welfare places filled by hiring"),
                    EventKind.VACANCY_OUT, _WELFARE & Q(reason=Reason.FILLED)),
            _change("welfare_out", "其他减少", "went",
                    Label("期内撤销、过期或减少的公益性岗位空缺", "public-welfare places withdrawn, expired or no longer wanted"),
                    EventKind.VACANCY_OUT, _WELFARE & ~Q(reason=Reason.FILLED)),
            _free("welfare_after", "期末", "at the end",
                  Label("期末公益性岗位的空缺人数", "free public-welfare places at the end"), When.END, _WELFARE),
            _hired("welfare_hired", "上岗", "hired", Label("期内公益性岗位上岗的人", "hired in public-welfare posts"),
                   _WELFARE),
            _hired("welfare_assisted", "援助对象上岗", "assisted people hired",
                   Label("其中援助对象", "of these with an assistance case"),
                   _WELFARE & Q(reason=Reason.ASSISTED)),
        ]),
    ],
    [
        Balance(Label("期末=期初+增加-减少", "end = beginning + in − out"), ["after"],
                ["before", "new", "renewed", "more", "freed", "-filled", "-withdrawn", "-expired",
                 "-fewer"]),
        Balance(Label("公益性岗位期末=期初+增加-已补-其他减少", "welfare: end = beginning + in − out"),
                ["welfare_after"],
                ["welfare_before", "welfare_in", "-welfare_filled", "-welfare_out"]),
        Balance(Label("公益性岗位≤期末", "welfare ≤ end"), ["welfare_after"], ["after"],
                is_at_most=True),
        Balance(Label("援助对象≤录用", "assisted ≤ hired"), ["assisted"], ["hired"], is_at_most=True),
    ],
    codes="OCC",
    annex=["new", "renewed", "filled", "withdrawn", "expired"],
)  # fmt: skip
