"""Employers (L6) and their vacancies (L7)."""

from __future__ import annotations

from django.db import models

from server.core.labels import Label
from server.ledgers.definitions.codes import VacancySource
from server.ledgers.definitions.columns import (
    Depends,
    Merge,
    Reading,
    boolean,
    code,
    codes,
    counted,
    day,
    decimal,
    entry,
    hash_of,
    integer,
    point,
    sealed,
    searched,
    text,
    user,
)
from server.ledgers.definitions.declaring import LedgerDefinition, View
from server.ledgers.definitions.machines import HIRED, VACANCY
from server.ledgers.models.base import LedgerEntry


class Employer(LedgerEntry):
    """L6 用人单位台帐."""

    name = searched("单位名称", "name", Merge.IDENTITY, required=True, reads=Reading.NAME)
    uscc = searched(
        "统一社会信用代码", "unified social credit code", Merge.IDENTITY, reads=Reading.USCC
    )
    org_code = text("组织机构代码(旧)", "organisation code (old)", Merge.FIXED)
    reg_no = text("工商注册号", "business registration number", Merge.VERIFIED)
    org_type = code("OT", "单位类型", "kind of organisation", Merge.VERIFIED, required=True)
    econ_type = code("ET", "登记注册类型", "registered economic type", Merge.VERIFIED)
    industry = code("IND", "行业", "industry", Merge.VERIFIED, required=True)
    scale = code("SZ", "规模", "size", Merge.FIXED)
    address = searched("地址", "address", Merge.LATEST, required=True)
    loc = point("位置", "place (WGS 84)", Merge.VERIFIED, required=True)
    legal_rep = searched("法定代表人", "legal representative", Merge.VERIFIED, reads=Reading.NAME)
    contact = searched("联系人", "contact person", Merge.LATEST, required=True, reads=Reading.NAME)
    phone = sealed("联系电话", "phone", Merge.LATEST, required=True, reads=Reading.PHONE)
    phone_hash = hash_of()
    n_staff = integer("从业人数", "staff", Merge.INTERVAL, required=True)
    n_local = integer("本地户籍", "with local hukou", Merge.INTERVAL)
    n_rural = integer("农村劳动力", "rural workers", Merge.INTERVAL)
    n_female = integer("女职工", "women", Merge.INTERVAL)
    n_4050 = integer("4050人员", "4050 workers", Merge.INTERVAL)
    n_disabled = integer("残疾职工", "disabled workers", Merge.INTERVAL)
    contracts_signed = integer("签订劳动合同人数", "labour contracts signed", Merge.INTERVAL)
    insured_n = integer("参保人数", "insured workers", Merge.INTERVAL)
    wage_arrears = boolean("拖欠工资", "wages in arrears", Merge.INTERVAL)
    arrears_amount = decimal(
        "拖欠金额", "amount in arrears", Merge.INTERVAL, depends=Depends("wage_arrears", (True,))
    )
    is_dispatch = boolean("劳务派遣单位", "labour dispatch unit", Merge.VERIFIED)
    is_main = boolean("主要用人单位(挂钩)", "main employer (linked)", Merge.LATEST)
    linked_worker = user("挂钩联系人", "linked worker", Merge.LATEST)
    change = code("EC", "本季变动", "change this quarter", Merge.INTERVAL)

    ledger = LedgerDefinition(
        "employer",
        "employers",
        Label("用人单位台帐", "Employers"),
        number="L6",
        strong_keys=frozenset({"uscc", "org_code"}),
        search=("name", "uscc", "address"),
        ordering=("name", "n_staff"),
        place="loc",
        has_own_fold=True,
    )

    class Meta(LedgerEntry.Meta):
        indexes = (
            *LedgerEntry.Meta.indexes,
            models.Index(fields=("name",), name="employer_by_name"),
        )


class Vacancy(LedgerEntry):
    """L7 空岗/公益性岗位台帐."""

    vacancy_no = searched("岗位编号", "vacancy number", Merge.FIXED, required=True, computed=True)
    employer = entry(
        "ledgers.Employer",
        "用人单位",
        "employer",
        Merge.FIXED,
        required=True,
        related_name="vacancies",
        computed=True,
    )
    title = searched("岗位名称", "job title", Merge.VERIFIED, required=True, reads=Reading.NAME)
    occupation = code("OCC", "职业工种", "occupation", Merge.VERIFIED, required=True)
    is_public_welfare = boolean("公益性岗位", "public-welfare post", Merge.VERIFIED, required=True)
    welfare_kind = code(
        "PW",
        "公益性岗位种类",
        "kind of welfare post",
        Merge.VERIFIED,
        depends=Depends("is_public_welfare", (True,)),
    )
    n_wanted = integer("需求人数", "people wanted", Merge.LATEST, required=True, is_remembered=True)
    n_filled = counted(
        HIRED.of, "已招人数", "people hired", by=HIRED.by, where=HIRED.where, required=True
    )
    age_min = integer("年龄下限", "lowest age", Merge.VERIFIED)
    age_max = integer("年龄上限", "highest age", Merge.VERIFIED)
    edu_min = code("EDU", "学历要求", "education required", Merge.VERIFIED)
    skill_min = code("SK", "技能要求", "skill required", Merge.VERIFIED)
    wage_min = decimal("月薪下限", "monthly wage from", Merge.LATEST, required=True)
    wage_max = decimal("月薪上限", "monthly wage to", Merge.LATEST)
    hours = code("HR", "工时/班制", "working hours", Merge.LATEST)
    board = codes("BL", "食宿", "board and lodging", Merge.LATEST)
    insurance = codes("INS", "社会保险", "social insurance", Merge.LATEST)
    workplace = point("工作地点", "workplace", Merge.VERIFIED)
    accepts_assisted = boolean("愿招援助对象", "takes assisted people", Merge.LATEST)
    source = code("VS", "信息来源", "source", Merge.FIXED, required=True)
    project_id = text("安置项目", "placement project", Merge.LATEST)
    published_on = day("发布日期", "published on", Merge.STATES)
    expires_on = day("有效期至", "valid until", Merge.LATEST, required=True, is_remembered=True)
    state = code("ST7", "岗位状态", "state of the vacancy", Merge.STATES, required=True)

    ledger = LedgerDefinition(
        "vacancy",
        "vacancies",
        Label("空岗/公益性岗位台帐", "Vacancies"),
        number="L7",
        keys=("employer+title",),
        numbered="vacancy_no",
        machines=(VACANCY,),
        defaults={"source": VacancySource.DOOR, "is_public_welfare": False},
        search=("title", "vacancy_no"),
        joined_search=("employer__name",),
        ordering=("expires_on", "wage_min"),
        views=(
            View(
                "community-posts",
                Label("社区就业岗位开发台帐", "Posts developed in the community"),
                (Depends("source", ("2", "3")),),
            ),
            View(
                "welfare-posts",
                Label("公益性岗位台帐", "Public-welfare posts"),
                (Depends("is_public_welfare", (True,)),),
            ),
        ),
    )
