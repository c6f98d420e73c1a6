"""R1: what employers ask for and who seeks work, quarter by quarter, with the twelve tables of the report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from django.db.models import Q

from server.core.codes import code_lists
from server.core.labels import Label
from server.ledgers.definitions.codes import Sex
from server.ledgers.folding.derive.ages import add_months
from server.reports.definitions.indicators import (
    Condition,
    Grain,
    Indicator,
    Place,
    When,
    each_code,
    years_before,
)
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
from server.reports.facts.seekers import Kind

_PERSONS: Final = Label("人", "persons")
_CLAUSE: Final = "粤劳社[2005]21号 二(一)2"
_NONE: Final = "none"
_YOUNG: Final = 25
_OCCUPATIONS: Final = code_lists()["OCC"].codes
_SECTORS: Final = (
    ("1", Label("第一产业", "primary sector"), Q(industry="A")),
    ("2", Label("第二产业", "secondary sector"), Q(industry__in=list("BCDE"))),
    ("3", Label("第三产业", "tertiary sector"), Q(industry__in=list("FGHIJKLMNOPQRST"))),
    (_NONE, Label("不详", "unknown"), ~Q(industry__in=list("ABCDEFGHIJKLMNOPQRST"))),
)
_AGES: Final = (
    ("16", Label("16-24岁", "16 to 24"), 0, 25),
    ("25", Label("25-34岁", "25 to 34"), 25, 35),
    ("35", Label("35-44岁", "35 to 44"), 35, 45),
    ("45", Label("45岁以上", "45 and older"), 45, 200),
)
_SCHOOLS: Final = (
    ("junior", Label("初中及以下", "junior high or less"), ("70", "80", "90")),
    ("senior", Label("高中", "senior high"), ("60",)),
    ("vocational", Label("职高、技校、中专", "secondary vocational"), ("40", "41", "44", "47")),
    ("college", Label("大专", "junior college"), ("30",)),
    ("bachelor", Label("大学", "bachelor"), ("20",)),
    ("master", Label("硕士以上", "postgraduate"), ("10",)),
)
_SKILLS: Final = tuple(
    (code, label, (code,)) for code, label in code_lists()["SK"].codes.items() if code != "9"
)
_ANY: Final = Label("无要求", "no requirement")
_UNSTATED: Final = Label("无或不详", "none or unknown")
_ALL: Final = Label("合计", "total")
_WANTED: Final = Label("需求人数", "places asked for")
_SOUGHT: Final = Label("求职人数", "seekers")
_GAP: Final = Label("缺口", "gap")
_RATIO: Final = Label("求人倍率", "ratio")


def _demand(name: str, label: Label, words: Label, when: When = When.WHOLE) -> Indicator:
    return Indicator(
        name, label, words, _CLAUSE, Grain.MARKET, when, Place.EVENT, lambda _day: Q(),
        Label("人", "places"), ledger="vacancy", sums="quantity",
    )  # fmt: skip


def _seekers(name: str, label: Label, words: Label, when: When = When.WHOLE) -> Indicator:
    return Indicator(
        name, label, words, _CLAUSE, Grain.MARKET, when, Place.EVENT, lambda _day: Q(), _PERSONS,
        ledger="person",
    )  # fmt: skip


_DEMAND: Final = _demand(
    "demand", _ALL,
    Label("上期末有效岗位的空缺,加本期新增的需求", "free at the end of the day before, and asked for anew"),
)  # fmt: skip
_SEEKERS: Final = _seekers(
    "seekers", _ALL,
    Label("上期末有就业愿望的人,加本期新增的求职者;每人计一次",
          "seeking at the end of the day before, or anew; each person once"),
)  # fmt: skip


def _part(whole: Indicator, name: str, label: Label, words: Label, where: Condition) -> Indicator:
    text = Label(f"{whole.words.zh};{words.zh}", f"{whole.words.en}; {words.en}")
    return replace(whole, name=name, label=label, words=text, where=where)


def _always(holds: Q) -> Condition:
    return lambda _day: holds


def _ratio(name: str, label: Label, wanted: str, seeking: str) -> Rate:
    words = Label("需求人数÷求职人数", "places asked for ÷ seekers")
    return Rate(name, label, words, (wanted,), (seeking,), Measure.RATIO)


def _aged(low: int, high: int) -> Condition:
    """Of that age on the day."""
    return lambda day: Q(born__lte=years_before(day, low), born__gt=years_before(day, high))


def _kind(name: str, zh: str, en: str, words: Label, where: Condition) -> Indicator:
    return _part(_SEEKERS, f"kind_{name}", Label(zh, en), words, where)


def _of_kind(kind: Kind, zh: str, en: str, words: Label) -> Indicator:
    return _kind(kind.value, zh, en, words, _always(Q(kind=kind.value)))


def _youth(day: date) -> Q:
    return Q(kind=Kind.ENTRANT.value, born__gt=years_before(day, _YOUNG))


_Line = tuple[str, Label, Condition | None, Condition | None]
"""A key, what the line is called, which places and which seekers it counts; None for none of them."""


def _coded(
    lines: Sequence[tuple[str, Label, Sequence[str]]], column: str, none: Label
) -> list[_Line]:
    """Lines of codes, and a last for the rest."""
    listed = [code for _key, _label, codes in lines for code in codes]
    parts = [(key, label, Q(**{f"{column}__in": codes})) for key, label, codes in lines]
    parts.append((_NONE, none, ~Q(**{f"{column}__in": listed})))
    return [(key, label, _always(holds), _always(holds)) for key, label, holds in parts]


_BY_AGE: Final[list[_Line]] = [
    *(
        (key, label, _always(Q(age_max__gte=low, age_max__lt=high)), _aged(low, high))
        for key, label, low, high in _AGES
    ),
    ("any", _ANY, _always(Q(age_max=None)), None),
    (_NONE, Label("年龄不详", "age unknown"), None, _always(Q(born=None))),
]
_BY_SCHOOL: Final = _coded(_SCHOOLS, "edu", Label("无要求或不详", "no requirement, or unknown"))
_BY_SKILL: Final = _coded(_SKILLS, "skill", Label("无要求或无等级", "no requirement, or no grade"))
_AGE_WORDS: Final = Label("按招聘年龄上限", "by the highest age that is taken")
_AGE_OF_SEEKERS: Final = Label("按期末年龄", "by the age on the last day")
_SCHOOL_WORDS: Final = Label("按学历要求", "by the education asked for")
_SKILL_WORDS: Final = Label("按技能要求", "by the skill asked for")


def _groups(
    number: int, prefix: str, title: Label, lines: Sequence[_Line], asked: Label, own: Label
) -> list[Group]:
    """Of a table with lines for both sides: the places, the seekers, and the ratios."""
    wanted: list[Column] = []
    sought: list[Column] = []
    ratios: list[Column] = []
    for key, label, places, persons in lines:
        names = f"{prefix}_want_{key}", f"{prefix}_seek_{key}"
        if places:
            wanted.append(_part(_DEMAND, names[0], label, asked, places))
        if persons:
            sought.append(_part(_SEEKERS, names[1], label, own, persons))
        if places and persons:
            ratios.append(_ratio(f"{prefix}_ratio_{key}", label, *names))
    head = f"表{number} {title.zh}", f"Table {number} {title.en}"
    return [
        Group(Label(f"{head[0]}:{kind.zh}", f"{head[1]}: {kind.en}"), columns)
        for kind, columns in ((_WANTED, wanted), (_SOUGHT, sought), (_RATIO, ratios))
    ]


def _form(number: int, prefix: str, title: Label, groups: Sequence[Group]) -> Form:
    """The same as a table of its own."""
    names = {column.name: column.label for group in groups for column in group.columns}
    keys = dict.fromkeys(name.removeprefix(f"{prefix}_").split("_", 1)[1] for name in names)
    lines = []
    for key in keys:
        cells = [f"{prefix}_{kind}_{key}" for kind in ("want", "seek", "ratio")]
        label = next(names[cell] for cell in cells if cell in names)
        lines.append((label, [cell if cell in names else "" for cell in cells]))
    return Form(
        Label(f"表{number} {title.zh}", f"Table {number} {title.en}"), [_WANTED, _SOUGHT, _RATIO], lines
    )  # fmt: skip


_BY_OCCUPATION: Final = Label("按职业", "by occupation")
_WANT: Final = each_code(_DEMAND, "want", "OCC", "category")
_SEEK: Final = each_code(_SEEKERS, "seek", "OCC", "category")
_KEYS: Final = (*_OCCUPATIONS, _NONE)
_OCCUPATION_GROUPS: Final = [
    Group(Label("表5 按职业:需求人数", "Table 5 by occupation: places asked for"), _WANT),
    Group(Label("表5 按职业:求职人数(按第一意向)", "Table 5 by occupation: seekers, by the first wish"), _SEEK),
    Group(Label("表5 按职业:缺口", "Table 5 by occupation: gap"), [
        Rate(f"gap_{key}", item.label, Label("需求人数-求职人数", "places asked for − seekers"),
             (f"want_{key}",), (f"seek_{key}",), Measure.DIFFERENCE)
        for key, item in zip(_KEYS, _WANT, strict=True)
    ]),
    Group(Label("表5 按职业:求人倍率", "Table 5 by occupation: ratio"), [
        _ratio(f"ratio_{key}", item.label, f"want_{key}", f"seek_{key}")
        for key, item in zip(_KEYS, _WANT, strict=True)
    ]),
]  # fmt: skip
_OCCUPATION_LINES: Final = [
    (item.label, [f"{kind}_{key}" for kind in ("want", "seek", "gap", "ratio")])
    for key, item in zip(_KEYS, _WANT, strict=True)
]
_FOUR: Final = [_WANTED, _SOUGHT, _GAP, _RATIO]
_AGE_TITLE: Final = Label("按年龄", "by age")
_SCHOOL_TITLE: Final = Label("按文化程度", "by education")
_SKILL_TITLE: Final = Label("按技能等级", "by skill grade")
_AGE_GROUPS: Final = _groups(10, "age", _AGE_TITLE, _BY_AGE, _AGE_WORDS, _AGE_OF_SEEKERS)
_SCHOOL_GROUPS: Final = _groups(
    11, "edu", _SCHOOL_TITLE, _BY_SCHOOL, _SCHOOL_WORDS, Label("按文化程度", "by education")
)
_SKILL_GROUPS: Final = _groups(
    12, "skill", _SKILL_TITLE, _BY_SKILL, _SKILL_WORDS, Label("按最高等级", "by the highest grade")
)
_SECTOR_COLUMNS: Final = [
    _part(_DEMAND, f"sector_{key}", label, Label("按用人单位行业", "by the employer's industry"),
          _always(holds))
    for key, label, holds in _SECTORS
]  # fmt: skip
_SHARES: Final = [
    Rate(f"share_{key}", label, Label("占需求合计的百分比", "percent of all places asked for"),
         (f"sector_{key}",), ("demand",))
    for key, label, _holds in _SECTORS
]  # fmt: skip
_INDUSTRIES: Final = each_code(_DEMAND, "industry", "IND", "industry")
_ECON_TYPES: Final = each_code(_DEMAND, "econ", "ET", "econ_type")
_KINDS: Final = [
    _kind("youth", "新成长失业青年", "young entrants",
          Label("本市城镇户口,失业且从未就业,期末未满25岁",
                "urban hukou of this city, without work and never employed, under 25 on the last day"), _youth),
    _of_kind(Kind.FROM_JOB, "就业转失业", "from a job",
             Label("本市城镇户口,失业前有工作", "urban hukou of this city, without work after a job")),
    _kind("other", "其他失业", "other unemployed",
          Label("其余无工作者", "all others without work"),
          lambda day: Q(kind=Kind.OTHER.value)
          | (Q(kind=Kind.ENTRANT.value) & (Q(born=None) | Q(born__lte=years_before(day, _YOUNG))))),
    _of_kind(Kind.EMPLOYED, "在业", "employed", Label("就业后表明就业愿望", "wishes for work since work was taken up")),
    _of_kind(Kind.LAID_OFF, "下岗", "laid off", Label("国企下岗(22)", "laid off (22)")),
    _of_kind(Kind.RETIRED, "退休", "retired", Label("退休(31)", "retired (31)")),
    _of_kind(Kind.STUDENT, "在学", "students", Label("在校学生(30)", "students (30)")),
    _of_kind(Kind.RURAL, "本市农村", "rural, of this city",
             Label("本市农业户口(20)", "rural hukou (20) of this city")),
    _of_kind(Kind.OUTSIDE, "外埠", "from elsewhere", Label("户口不在本市", "hukou in another city")),
    _of_kind(Kind.UNKNOWN, "不详", "unknown", Label("就业状况不明", "status unknown")),
]  # fmt: skip
_GRADUATES: Final = _kind(
    "graduates", "其中应届高校毕业生", "of the young entrants: graduates",
    Label("新成长失业青年中,期末前12个月内大专以上毕业",
          "young entrants who left a college within twelve months before the last day"),
    lambda day: _youth(day) & Q(graduated_on__gt=add_months(day, -12), graduated_on__lte=day),
)  # fmt: skip
_SEXES: Final = [
    _part(_SEEKERS, f"sex_{key}", label, Label("按性别", "by sex"), _always(holds))
    for key, label, holds in (
        ("1", Label("男", "men"), Q(sex=Sex.MALE)),
        ("2", Label("女", "women"), Q(sex=Sex.FEMALE)),
        (_NONE, Label("不详", "unknown"), ~Q(sex__in=(Sex.MALE, Sex.FEMALE))),
    )
]


def _lines(columns: Sequence[Column]) -> list[tuple[Label, list[str]]]:
    return [(column.label, [column.name]) for column in columns]


def _names(columns: Sequence[Column], prefix: str = "") -> list[str]:
    return [column.name for column in columns if column.name.startswith(prefix)]


def _sums_to(zh: str, en: str, columns: Sequence[Column], whole: str) -> Balance:
    return Balance(Label(zh, en), _names(columns), [whole])


R1: Final = Report(
    "R1",
    Label("劳动力供求季报", "Supply and demand of labour"),
    _CLAUSE,
    Unit.QUARTER,
    Rows.AREAS,
    [
        Group(Label("表1 需求人数", "Table 1 Places asked for"), [
            _demand("demand_before", Label("上期结转", "carried over"),
                    Label("上期末有效岗位的空缺人数", "free places of vacancies in force at the end of the day before"),
                    When.BEGIN),
            _demand("demand_new", Label("本期新增", "new"),
                    Label("期内新登记岗位的需求,增加的需求,以及上期末已失效岗位的续期",
                          "wanted by vacancies first recorded in the period, more people wanted, and vacancies in force again that were not at the end of the day before"),
                    When.NEW),
            _DEMAND,
        ]),
        Group(Label("表1 求职人数", "Table 1 Seekers"), [
            _seekers("seekers_before", Label("上期结转", "carried over"),
                     Label("上期末住在本地、满16岁、就业愿望有效的人",
                           "living here, 16 or older, with a job wish that holds at the end of the day before"),
                     When.BEGIN),
            _seekers("seekers_new", Label("本期新增", "new"),
                     Label("期内开始求职,上期末并非求职者",
                           "began to seek work in the period, and did not seek it at the end of the day before"),
                     When.NEW),
            _SEEKERS,
        ]),
        Group(Label("表1 求人倍率", "Table 1 Ratio"), [
            _ratio("ratio_before", Label("上期结转", "carried over"), "demand_before", "seekers_before"),
            _ratio("ratio_new", Label("本期新增", "new"), "demand_new", "seekers_new"),
            _ratio("ratio", _ALL, "demand", "seekers"),
        ]),
        Group(Label("表2 按产业:需求人数", "Table 2 By sector: places asked for"), _SECTOR_COLUMNS),
        Group(Label("表2 按产业:比重(%)", "Table 2 By sector: percent"), _SHARES),
        Group(Label("表3 按行业:需求人数", "Table 3 By industry: places asked for"), _INDUSTRIES),
        Group(Label("表4 按登记注册类型:需求人数", "Table 4 By economic type: places asked for"), _ECON_TYPES),
        *_OCCUPATION_GROUPS,
        Group(Label("表8 按人员类别:求职人数", "Table 8 By kind: seekers"), [*_KINDS, _GRADUATES]),
        Group(Label("表9 按性别:求职人数", "Table 9 By sex: seekers"), _SEXES),
        *_AGE_GROUPS,
        *_SCHOOL_GROUPS,
        *_SKILL_GROUPS,
    ],
    [
        Balance(Label("需求合计=结转+新增", "demand = carried over + new"), ["demand"],
                ["demand_before", "demand_new"]),
        Balance(Label("求职合计=结转+新增", "seekers = carried over + new"), ["seekers"],
                ["seekers_before", "seekers_new"]),
        *(Balance(Label(f"表2{label.zh}=表3各行业之和", f"table 2 {label.en} = its industries"),
                  [f"sector_{key}"], [f"industry_{code}" for code in codes])
          for (key, label, _holds), codes in zip(
              _SECTORS, ("A", "BCDE", "FGHIJKLMNOPQRST", (_NONE,)), strict=True)),
        _sums_to("表3=表1", "table 3 = table 1", _INDUSTRIES, "demand"),
        _sums_to("表4=表1", "table 4 = table 1", _ECON_TYPES, "demand"),
        _sums_to("表5需求=表1", "table 5, places = table 1", _WANT, "demand"),
        _sums_to("表5求职=表1", "table 5, seekers = table 1", _SEEK, "seekers"),
        _sums_to("表8=表1", "table 8 = table 1", _KINDS, "seekers"),
        Balance(Label("应届毕业生≤新成长失业青年", "graduates ≤ young entrants"),
                ["kind_graduates"], ["kind_youth"], is_at_most=True),
        _sums_to("表9=表1", "table 9 = table 1", _SEXES, "seekers"),
        *(_sums_to(f"表{number}{label.zh}=表1", f"table {number}, {label.en} = table 1",
                   groups[place].columns, whole)
          for number, groups in ((10, _AGE_GROUPS), (11, _SCHOOL_GROUPS), (12, _SKILL_GROUPS))
          for place, (label, whole) in enumerate(((_WANTED, "demand"), (_SOUGHT, "seekers")))),
    ],
    forms=[
        Form(Label("表1 供求总体情况", "Table 1 Supply and demand"),
             [Label("上期结转", "carried over"), Label("本期新增", "new"), _ALL],
             [(_WANTED, ["demand_before", "demand_new", "demand"]),
              (_SOUGHT, ["seekers_before", "seekers_new", "seekers"]),
              (_RATIO, ["ratio_before", "ratio_new", "ratio"])]),
        Form(Label("表2 按产业", "Table 2 By sector"), [_WANTED, Label("比重(%)", "percent")],
             [(label, [f"sector_{key}", f"share_{key}"]) for key, label, _holds in _SECTORS]),
        Form(Label("表3 按行业", "Table 3 By industry"), [_WANTED], _lines(_INDUSTRIES)),
        Form(Label("表4 按登记注册类型", "Table 4 By economic type"), [_WANTED], _lines(_ECON_TYPES)),
        Form(Label("表5 按职业", "Table 5 By occupation"), _FOUR, _OCCUPATION_LINES),
        Form(Label("表6 需求大于求职缺口最大的十个职业", "Table 6 The ten largest shortages"), _FOUR,
             _OCCUPATION_LINES[:-1], ranked_by=2),
        Form(Label("表7 需求小于求职缺口最大的十个职业", "Table 7 The ten largest surpluses"), _FOUR,
             _OCCUPATION_LINES[:-1], ranked_by=2, is_least=True),
        Form(Label("表8 按人员类别", "Table 8 By kind"), [_SOUGHT],
             _lines([_KINDS[0], _GRADUATES, *_KINDS[1:]])),
        Form(Label("表9 按性别", "Table 9 By sex"), [_SOUGHT], _lines(_SEXES)),
        _form(10, "age", _AGE_TITLE, _AGE_GROUPS),
        _form(11, "edu", _SCHOOL_TITLE, _SCHOOL_GROUPS),
        _form(12, "skill", _SKILL_TITLE, _SKILL_GROUPS),
    ],
)  # fmt: skip
