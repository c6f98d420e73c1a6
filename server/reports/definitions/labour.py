"""R2 and R3: the labour force and its balance, registered unemployment."""

from __future__ import annotations

from datetime import date
from typing import Final

from django.db.models import Q

from server.core.labels import Label
from server.ledgers.definitions.codes import ABLE, SEEKING, Sex
from server.ledgers.folding.derive.ages import add_months
from server.reports.definitions.indicators import (
    Condition,
    Grain,
    Indicator,
    Place,
    When,
    years_before,
)
from server.reports.definitions.tables import Balance, Group, Rate, Report, Rows, Unit
from server.reports.facts.kinds import EventKind, Reason

_PERSONS: Final = Label("人", "persons")
_HOUSEHOLDS: Final = Label("户", "households")
_YOUNG: Final = 25
_UNDER: Final = 35


def _of_age(day: date) -> Q:
    return Q(working_from__lte=day, working_until__gt=day)


def _working(where: Condition) -> Condition:
    return lambda day: _of_age(day) & where(day)


def _person(
    name: str, zh: str, en: str, words: Label, where: Condition, open_where: Condition | None = None
) -> Indicator:
    """A number of persons by residence, at the end of the period."""
    return Indicator(
        name, Label(zh, en), words, "粤劳社[2005]21号 二(一)1", Grain.PERSON, When.END,
        Place.RESIDENCE, where, _PERSONS, open_where=open_where,
    )  # fmt: skip


def _active(name: str, zh: str, en: str, *codes: str, as_shown: tuple[str, ...] = ()) -> Indicator:
    """Those of working age with one of these employment statuses (ES); `as_shown` are the codes as others see them."""
    listed = "、".join(codes)
    return _person(
        name, zh, en,
        Label(f"劳动年龄内,就业状况为 {listed} 的人", f"of working age, employment status {listed}"),
        _working(lambda _day: Q(activity__in=codes)),
        _working(lambda _day: Q(activity__in=as_shown)) if as_shown else None,
    )  # fmt: skip


def _flow(name: str, zh: str, en: str, kind: EventKind, reason: Reason) -> Indicator:
    """Who came among those of working age, or left them."""
    return Indicator(
        name, Label(zh, en),
        Label(f"期内{zh}的劳动年龄人口", f"of working age: {en}, in the period"), "粤劳社[2005]21号 二(一)1",
        Grain.EVENT, When.DURING, Place.EVENT, lambda _day: Q(kind=kind, reason=reason), _PERSONS,
    )  # fmt: skip


WORKING: Final = _person(
    "working", "劳动年龄人口", "of working age",
    Label("期末常住本地、处于统计劳动年龄(男16至59岁、女16至54岁)的人",
          "living here at the end, of working age for statistics (men 16–59, women 16–54)"),
    _of_age,
)  # fmt: skip

R2: Final = Report(
    "R2",
    Label("劳动力资源与就业失业平衡表", "Labour force and its balance"),
    "粤劳社[2005]21号 二(一)1",
    Unit.QUARTER,
    Rows.AREAS,
    [
        Group(Label("人口", "People"), [
            Indicator(
                "households", Label("户数", "households"),
                Label("期末有人居住的家庭户", "households in which somebody lives at the end"),
                "粤劳社[2005]21号 二(一)1", Grain.HOUSEHOLD, When.END, Place.ROW,
                lambda _day: Q(is_inhabited=True), _HOUSEHOLDS,
            ),
            _person("people", "人口", "people",
                    Label("期末常住本地的人", "living here at the end"), lambda _day: Q()),
            WORKING,
            _person("able", "有劳动能力", "able to work",
                    Label("劳动年龄内,劳动能力为有或部分丧失",
                          "of working age, full or partial capacity"),
                    _working(lambda _day: Q(capacity__in=sorted(ABLE)))),
        ]),
        Group(Label("就业", "Employed"), [
            _active("unit", "单位就业", "in a unit", "10"),
            _active("welfare", "公益性岗位", "public-welfare post", "11"),
            _active("own", "自营", "self-employed", "12"),
            _active("flexible", "灵活就业", "flexible", "13"),
            _active("farming", "务农", "farming", "14"),
            _active("away", "外出务工", "migrant work", "15"),
        ]),
        Group(Label("失业", "Unemployed"), [
            _active("registered", "登记失业", "registered", "20"),
            _active("unregistered", "未登记失业", "unregistered", "21"),
            _active("laid_off", "国企下岗", "laid off", "22"),
        ]),
        Group(Label("不在劳动力", "Out of the labour force"), [
            _active("student", "在校", "student", "30"),
            _active("home", "料理家务", "homemaker", "32"),
            _active("unable", "丧失能力", "unable", "33"),
            _active("service", "服役服刑", "military or custody", "34", "35", as_shown=("34",)),
            _active("other_out", "退休及其他", "retired and others", "31", "39", as_shown=("31", "39", "35")),
        ]),
        Group(Label("状况", "Status"), [
            _person("unknown", "未知", "unknown",
                    Label("劳动年龄内,就业状况不明", "of working age, status unknown"),
                    _working(lambda _day: Q(activity=""))),
            _person("new", "新成长", "new entrants",
                    Label("劳动年龄内未满25岁、失业且从未就业",
                          "of working age, under 25, unemployed and never employed"),
                    _working(lambda day: Q(activity__in=sorted(SEEKING), never_employed=True,
                                           born__gt=years_before(day, _YOUNG)))),
            _person("surplus", "富余劳力", "surplus labour",
                    Label("劳动年龄内的农村富余劳动力", "of working age, rural surplus labour"),
                    _working(lambda _day: Q(surplus=True))),
        ]),
        Group(Label("劳动年龄人口其中", "Of those of working age"), [
            _person("men", "男", "men", Label("性别为男", "sex male"),
                    _working(lambda _day: Q(sex=Sex.MALE))),
            _person("women", "女", "women", Label("性别为女", "sex female"),
                    _working(lambda _day: Q(sex=Sex.FEMALE))),
            _person("no_sex", "性别不详", "sex unknown", Label("其余", "the rest"),
                    _working(lambda _day: ~Q(sex__in=(Sex.MALE, Sex.FEMALE)))),
            _person("urban", "城镇", "urban", Label("户口性质非农业(20)以外", "hukou other than rural (20)"),
                    _working(lambda _day: Q(is_rural=False))),
            _person("rural", "农村", "rural", Label("农业户口(20)", "rural hukou (20)"),
                    _working(lambda _day: Q(is_rural=True))),
        ]),
        Group(Label("劳动年龄人口变动", "Changes of those of working age"), [
            Indicator("working_before", Label("期初", "at the beginning"),
                      Label("上期末的劳动年龄人口", "of working age at the end of the day before"),
                      "粤劳社[2005]21号 二(一)1", Grain.PERSON, When.BEGIN, Place.RESIDENCE, _of_age, _PERSONS),
            _flow("listed", "新入册", "first listed", EventKind.WORKING_IN, Reason.LISTED),
            _flow("came_of_age", "新成年", "came of age", EventKind.WORKING_IN,
                  Reason.CAME_OF_AGE),
            _flow("moved_in", "迁入", "moved in", EventKind.WORKING_IN, Reason.MOVED_IN),
            _flow("corrected_in", "更正增加", "corrected, more", EventKind.WORKING_IN,
                  Reason.CORRECTED),
            _flow("moved_out", "迁出", "moved out", EventKind.WORKING_OUT, Reason.MOVED_OUT),
            _flow("died", "死亡", "died", EventKind.WORKING_OUT, Reason.DIED),
            _flow("aged_out", "超龄", "aged out", EventKind.WORKING_OUT, Reason.AGED_OUT),
            _flow("corrected_out", "更正减少", "corrected, fewer", EventKind.WORKING_OUT,
                  Reason.CORRECTED),
        ]),
    ],
    [
        Balance(
            Label("劳动年龄=就业+失业+不在劳动力+未知",
                  "of working age = employed + unemployed + out + unknown"),
            ["working"],
            ["unit", "welfare", "own", "flexible", "farming", "away", "registered", "unregistered",
             "laid_off", "student", "home", "unable", "service", "other_out", "unknown"],
        ),
        Balance(Label("有能力≤劳动年龄", "able ≤ of working age"), ["able"], ["working"],
                is_at_most=True),
        Balance(Label("男+女+不详=劳动年龄", "sexes = of working age"), ["men", "women", "no_sex"],
                ["working"]),
        Balance(Label("城镇+农村=劳动年龄", "urban + rural = of working age"), ["urban", "rural"],
                ["working"]),
        Balance(
            Label("期末=期初+增加-减少", "end = beginning + in − out"),
            ["working"],
            ["working_before", "listed", "came_of_age", "moved_in", "corrected_in", "-moved_out",
             "-died", "-aged_out", "-corrected_out"],
        ),
    ],
)  # fmt: skip


def _registered(
    name: str, zh: str, en: str, words: Label, where: Condition, when: When = When.END
) -> Indicator:
    """Urban registered unemployed by hukou."""
    return Indicator(
        name, Label(zh, en), words, "劳社培就司发〔1999〕36号", Grain.PERSON, when, Place.HUKOU,
        lambda day: Q(registered_on__isnull=False, is_rural=False) & where(day), _PERSONS,
    )  # fmt: skip


def _change(name: str, zh: str, en: str, kind: EventKind, reason: Reason) -> Indicator:
    return Indicator(
        name, Label(zh, en), Label(f"期内城镇登记失业:{zh}", f"registered unemployed: {en}"),
        "劳社培就司发〔1999〕36号", Grain.EVENT, When.DURING, Place.EVENT,
        lambda _day: Q(kind=kind, reason=reason, is_rural=False), _PERSONS,
    )  # fmt: skip


def _schooled(name: str, zh: str, en: str, *codes: str) -> Indicator:
    listed = "、".join(codes)
    return _registered(name, zh, en, Label(f"文化程度 {listed}", f"education {listed}"),
                       lambda _day: Q(edu__in=codes))  # fmt: skip


_REGISTERED: Final = Label(
    "期末户口在本地的城镇登记失业人员", "urban registered unemployed with hukou here, at the end"
)
_SCHOOLS: Final = ("20", "10", "30", "40", "41", "44", "47", "60", "70", "80")

R3: Final = Report(
    "R3",
    Label("城镇登记失业情况表", "Urban registered unemployment"),
    "劳社培就司发〔1999〕36号",
    Unit.QUARTER,
    Rows.AREAS,
    [
        Group(Label("期初", "Beginning"), [
            _registered("before", "期初登记失业", "at the beginning",
                        Label("上期末的登记失业人员", "registered at the end of the day before"),
                        lambda _day: Q(), When.BEGIN),
        ]),
        Group(Label("本期新登记", "Newly registered"), [
            _change("new", "新成长", "new entrants", EventKind.REGISTERED_IN, Reason.NEW_ENTRANT),
            _change("from_job", "就业转失业", "from a job", EventKind.REGISTERED_IN,
                    Reason.FROM_JOB),
            _change("other_in", "其他", "others", EventKind.REGISTERED_IN, Reason.OTHER),
        ]),
        Group(Label("本期减少", "No longer registered"), [
            _change("to_job", "就业", "employed", EventKind.REGISTERED_OUT, Reason.JOB),
            _change("retired", "退休", "retired", EventKind.REGISTERED_OUT, Reason.RETIRED),
            _change("other_out", "其他注销", "others", EventKind.REGISTERED_OUT, Reason.OTHER),
        ]),
        Group(Label("期末", "End"), [
            _registered("after", "期末登记失业", "at the end", _REGISTERED, lambda _day: Q()),
        ]),
        Group(Label("期末其中", "Of these"), [
            _registered("women", "女", "women", Label("性别为女", "sex female"),
                        lambda _day: Q(sex=Sex.FEMALE)),
            _registered("young", "35岁以下", "under 35", Label("期末未满35岁", "under 35 at the end"),
                        lambda day: Q(born__gt=years_before(day, _UNDER))),
            _registered("older", "4050", "4050",
                        Label("期末女满40、男满50且未到退休年龄",
                              "women from 40, men from 50, below retirement age"),
                        lambda day: Q(older_from__lte=day, older_until__gt=day)),
            _registered("a_year", "一年以上", "a year or longer",
                        Label("登记满一年", "registered for a year or longer"),
                        lambda day: Q(registered_on__lte=add_months(day, -12))),
            _registered("benefit", "领取失业金", "with benefit",
                        Label("有领取失业金月数", "months of benefit are recorded"),
                        lambda _day: Q(benefit=True)),
        ]),
        Group(Label("期末文化程度", "Education"), [
            _schooled("college", "大专及以上", "college", "10", "20", "30"),
            _schooled("secondary", "中职", "secondary vocational", "40", "41", "44", "47"),
            _schooled("senior", "高中", "senior high", "60"),
            _schooled("junior", "初中", "junior high", "70"),
            _schooled("primary", "小学", "primary", "80"),
            _registered("other_edu", "其他及不详", "others and unknown",
                        Label("其余", "the rest"), lambda _day: ~Q(edu__in=_SCHOOLS)),
        ]),
        Group(Label("比率", "Rate"), [
            Indicator(
                "employed", Label("城镇就业", "urban employed"),
                Label("期末户口在本地的城镇就业人员(劳动年龄内)",
                      "urban, hukou here, of working age and employed at the end"),
                "劳社培就司发〔1999〕36号", Grain.PERSON, When.END, Place.HUKOU,
                _working(lambda _day: Q(is_rural=False, activity__startswith="1")), _PERSONS,
            ),
            Rate("rate", Label("本地登记失业率(%)", "local rate (%)"),
                 Label("期末登记失业÷(期末登记失业+城镇就业);非官方口径",
                       "registered ÷ (registered + employed); not the official rate"),
                 ("after",), ("after", "employed")),
        ]),
    ],
    [
        Balance(Label("期末=期初+新登记-减少", "end = beginning + in − out"), ["after"],
                ["before", "new", "from_job", "other_in", "-to_job", "-retired", "-other_out"]),
        Balance(Label("文化程度合计=期末", "education = end"),
                ["college", "secondary", "senior", "junior", "primary", "other_edu"], ["after"]),
        Balance(Label("女≤期末", "women ≤ end"), ["women"], ["after"], is_at_most=True),
    ],
)  # fmt: skip

__all__ = ["R2", "R3"]
