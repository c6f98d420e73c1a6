"""What a heading of an old Excel ledger can mean: the columns that its rows may fill, by ledger. Pure."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Final

from server.core.labels import Label
from server.ledgers.definitions.columns import Column, Kind, Merge
from server.ledgers.definitions.ledgers import COLUMNS
from server.ledgers.definitions.targets import PARTS
from server.ledgers.intake.old_sheets import plain

LEDGERS: Final = ("person", "household", "employer", "vacancy")
AREA: Final = "row.area"
"""Stands for the community that a row lies in: its name or its code."""
AS_OF: Final = "row.as_of"
"""Stands for the day on which a row was true."""
_OF_A_ROW: Final = (
    Column(AREA, Label("所属社区", "community"), Kind.TEXT, Merge.LATEST),
    Column(AS_OF, Label("填表日期", "day of the row"), Kind.DATE, Merge.LATEST),
)
_KINDS: Final = frozenset({Kind.POINT, Kind.IMAGE, Kind.ENTRY, Kind.USER, Kind.AREA, Kind.JSON})
"""Kinds that no cell can fill."""
_MOVED: Final = frozenset({Merge.STATES})
"""States follow from the columns or from acts of office staff; a person's employment status is none of them."""
_OF_AN_EMPLOYER: Final = ("name", "uscc")
KEYS: Final = {"person": "id_no", "employer": "uscc"}
"""The column by which two rows are the same entry."""
NAMED_BY: Final = {
    "person": "name",
    "household": "address",
    "employer": "name",
    "vacancy": "title",
}
"""The column without which a row is no record."""
_OTHER_HEADINGS: Final[dict[str, dict[str, str]]] = {
    "": {
        "社区": AREA, "村居": AREA, "社区名称": AREA, "村(居)委会": AREA, "居委会": AREA, "所属村居": AREA,
        "社区编码": AREA, "调查日期": AS_OF, "登记时间": AS_OF, "建档日期": AS_OF,
    },
    "person": {
        "身份证": "id_no", "身份证号": "id_no", "身份证号码": "id_no", "公民身份号码": "id_no",
        "电话": "phone", "手机": "phone", "手机号": "phone", "手机号码": "phone", "联系方式": "phone",
        "出生年月": "birth_date", "出生年月日": "birth_date", "学历": "edu", "户籍性质": "hukou_type",
        "户口类别": "hukou_type", "家庭住址": "residence_addr", "住址": "residence_addr",
        "现住址": "residence_addr", "户主关系": "relation", "毕业时间": "graduated_on",
        "失业时间": "spell.unemp_date", "就业单位": "spell.employer_name", "工作单位": "spell.employer_name",
    },
    "household": {"家庭住址": "address", "地址": "address", "家庭人口": "n_members"},
    "employer": {
        "企业名称": "name", "名称": "name", "信用代码": "uscc", "社会信用代码": "uscc",
        "组织机构代码": "org_code", "电话": "phone", "职工人数": "n_staff", "单位地址": "address",
    },
    "vacancy": {
        "岗位": "title", "工种": "occupation", "招聘人数": "n_wanted", "发布时间": "published_on",
        "企业名称": "employer.name", "用人单位": "employer.name", "信用代码": "employer.uscc",
        "社会信用代码": "employer.uscc",
    },
}  # fmt: skip
"""What offices write above a column beside its label, by ledger; "" is every ledger."""


@cache
def columns_of(ledger: str) -> dict[str, Column]:
    """The columns that a cell can fill, by the name that a mapping gives: of the ledger, of its spells or employer, and of the row."""
    parts = [part for part, owner in PARTS.items() if owner == ledger and part == "spell"]
    filled = dict(COLUMNS[ledger])
    for part in parts:
        filled |= {f"{part}.{name}": column for name, column in COLUMNS[part].items()}
    if ledger == "vacancy":
        filled |= {f"employer.{name}": COLUMNS["employer"][name] for name in _OF_AN_EMPLOYER}
    fillable = {
        name: replace(column, name=name) for name, column in filled.items() if _can_fill(column)
    }
    return fillable | {column.name: column for column in _OF_A_ROW}


def _can_fill(column: Column) -> bool:
    return column.kind not in _KINDS and column.merge not in _MOVED and not column.computed


@cache
def headings_of(ledger: str) -> dict[str, str]:
    """Plain headings, in Chinese and English, → the columns that they mean."""
    columns = columns_of(ledger)
    by_heading: dict[str, str] = {}
    for name, column in columns.items():
        for heading in (name, column.label.en, column.label.zh, *column.label.zh.split("/")):
            by_heading.setdefault(plain(heading), name)
    others = _OTHER_HEADINGS[""] | _OTHER_HEADINGS[ledger]
    return by_heading | {
        plain(heading): name for heading, name in others.items() if name in columns
    }
