"""XLSForms written as markdown tables, made into real .xlsx workbooks.

workbook('''
| survey  |       |      |           |
|         | type  | name | label::en |
|         | text  | name | Name      |
| settings|       |      |           | …
''')
"""

from __future__ import annotations

import io
import json
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl
from pyxform.xls2xform import ConvertResult, convert

COMMITTED = Path(__file__).parents[2] / "xlsforms"


@cache
def converted(content: bytes) -> ConvertResult:
    """pyxform's conversion of a workbook; cached, because a long form takes seconds."""
    return convert(xlsform=content, file_type=".xlsx", form_name="data", warnings=[])


def converted_cells(definition: dict[str, Any]) -> ConvertResult:
    """pyxform's conversion of cells as the server gives them; cached likewise."""
    return _converted_cells(json.dumps(definition))


@cache
def _converted_cells(definition: str) -> ConvertResult:
    return convert(xlsform=json.loads(definition), form_name="data", warnings=[])


def committed(form_id: str) -> bytes:
    """A form of xlsforms/ as an XForm."""
    return str(converted((COMMITTED / f"{form_id}.xlsx").read_bytes()).xform).encode()


def workbook(markdown: str) -> bytes:
    """The workbook: a row with a first cell begins a sheet; rows keep their place, header first."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    sheet = None
    for line in markdown.strip().splitlines():
        if not line.strip():
            continue
        name, *cells = (cell.strip() for cell in line.strip().strip("|").split("|"))
        if name:
            sheet = book.create_sheet(name)
        elif sheet is not None:
            sheet.append([cell.replace("¦", "|") or None for cell in cells])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


HOUSEHOLD = """
| survey   |
|          | type                                   | name           | label::中文 (zh) | label::English (en) | bind::ruhu:saveto            | calculation | relevant |
|          | start                                  | start          |                 |                     |                              |             |          |
|          | audit                                  | audit          |                 |                     |                              |             |          |
|          | dateTime                               | visited_at     | 时间            | Time                | head.observed_at visit.visited_at |        |          |
|          | select_one_from_file households.csv    | pick           | 家庭            | Household           |                              |             |          |
|          | calculate                              | hh_id          |                 |                     | household.id                 | coalesce(${pick}, once(uuid())) | |
|          | select_one VO                          | outcome        | 结果            | Outcome             | visit.outcome                |             |          |
|          | begin group                            | place          | 地点            | Place               |                              |             |          |
|          | geopoint                               | loc            | 位置            | Location            | household.loc visit.loc head.loc |         |          |
|          | text                                   | address        | 住址            | Address             | household.address            |             |          |
|          | text                                   | area           | 社区            | Community           | head.area_code               |             |          |
|          | end group                              |                |                 |                     |                              |             |          |
|          | integer                                | n_hukou        | 人数            | Persons             |                              |             |          |
|          | begin repeat                           | members        | 成员            | Members             | person                       |             |          |
|          | calculate                              | member_id      |                 |                     | person.id                    | once(uuid()) |         |
|          | text                                   | name           | 姓名            | Name                | person.name                  |             |          |
|          | select_one ID                          | id_type        | 证件            | Document            | person.id_type               |             |          |
|          | text                                   | id_no          | 号码            | Number              | person.id_no                 |             |          |
|          | date                                   | birth          | 出生            | Birth               | person.birth_date            |             |          |
|          | select_one EDU                         | edu            | ${name}的学历   | Education of ${name} | person.edu                  |             |          |
|          | select_multiple INS                    | insurance      | 保险            | Insurance           | person.insurance             |             |          |
|          | select_one YN                          | willing        | 愿望            | Willing             | person.job_willing           |             |          |
|          | text                                   | phone          | 电话            | Phone               | person.phone                 |             |          |
|          | begin group                            | work           | 就业            | Work                |                              |             |          |
|          | date                                   | begun_on       | 起始            | Since               | spell.start_on               |             |          |
|          | decimal                                | land           | 承包地          | Land                | person.land_mu               |             |          |
|          | end group                              |                |                 |                     |                              |             |          |
|          | end repeat                             |                |                 |                     |                              |             |          |
|          | image                                  | signature      | 签名            | Signature           | visit.signature              |             |          |
| choices  |
|          | list_name | name | label::中文 (zh) | label::English (en) |
|          | VO        | 1    | 完成            | complete            |
|          | VO        | 3    | 无人在家        | no one home         |
|          | ID        | 01   | 身份证          | ID card             |
|          | ID        | 02   | 户口簿          | hukou book          |
|          | ID        | 05   | 护照            | passport            |
|          | ID        | 99   | 无证件          | none                |
|          | EDU       | 10   | 研究生          | postgraduate        |
|          | EDU       | 20   | 本科            | bachelor            |
|          | INS       | 1    | 养老            | pension             |
|          | INS       | 2    | 医疗            | medical             |
|          | YN        | 1    | 是              | yes                 |
|          | YN        | 0    | 否              | no                  |
| settings |
|          | form_title | form_id   | version    | namespaces             | default_language | instance_name |
|          | 入户调查   | household | 2026112301 | ruhu="urn:ruhu:xforms" | 中文 (zh)        | ${address}    |
| ledgers  |
|          | ledger    | at      | key      | link                |
|          | household |         | id       |                     |
|          | person    | members | id id_no | member_of=household |
|          | visit     |         | instance | household           |
"""
"""A small household survey that uses every feature of a mapping."""


def changed(old: str, new: str, form: str = HOUSEHOLD) -> bytes:
    """The workbook of a form with one passage replaced, which must be there."""
    assert old in form, old
    return workbook(form.replace(old, new))
