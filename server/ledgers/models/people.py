"""Persons (L1), their employment and unemployment spells (L3), their assistance cases (L4)."""

from __future__ import annotations

from typing import Final

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Left

from server.core.labels import Label
from server.core.masking import Precision
from server.core.words import NameWords
from server.geo.models import PREFIX_LENGTH, Level
from server.ledgers.definitions.codes import AssistanceCategory
from server.ledgers.definitions.columns import (
    Depends,
    Merge,
    Reading,
    Rounded,
    Sensitivity,
    area,
    boolean,
    code,
    codes,
    counted,
    day,
    decimal,
    entry,
    hash_of,
    instant,
    integer,
    sealed,
    sealed_list,
    searched,
    structured,
    text,
    user,
)
from server.ledgers.definitions.declaring import LedgerDefinition, View
from server.ledgers.definitions.machines import CASE, PERSON_STATUS
from server.ledgers.definitions.suitability import COULD_SEEK
from server.ledgers.definitions.vocabulary import CaseState, CloseReason, PersonStatus
from server.ledgers.models.base import LedgerEntry

GROUPS: Final = (
    "is_4050",
    "in_zero_emp_hh",
    "long_term_unemployed",
    "new_entrant",
    "is_key",
)
"""The groups of persons that offices work through: few of a county's persons, each with an index of its own."""

MAY_SEEK: Final = models.Q(
    models.Q(job_willing=None) | models.Q(job_willing=True),
    person_status=PersonStatus.ACTIVE.value,
    emp_status__in=sorted(map(str, COULD_SEEK)),
)
"""The persons among whom matching looks for seekers: few of a county's, in an index by area."""


class Person(LedgerEntry):
    """L1 城乡劳动力资源台帐: a person, from whichever forms and households their records come."""

    name = searched("姓名", "name", Merge.IDENTITY, required=True, reads=Reading.NAME)
    former_name = searched("曾用名", "former name", Merge.ACCUMULATE, reads=Reading.NAME)
    id_type = code("ID", "证件类型", "ID type", Merge.IDENTITY, required=True)
    id_no = sealed("公民身份号码/证件号码", "ID number", Merge.IDENTITY, reads=Reading.ID_NO)
    id_no_hash = hash_of()
    id_no_15 = sealed("原15位号码", "15-digit ID number", Merge.FIXED, reads=Reading.ID_NO)
    id_no_15_hash = hash_of()
    sex = code("SEX", "性别", "sex", Merge.FIXED, required=True)
    birth_date = day(
        "出生日期",
        "date of birth",
        Merge.FIXED,
        required=True,
        sensitivity=Sensitivity.BIRTH,
        rounded=Rounded(Precision.YEAR),
    )
    birth_is_lunar = boolean("农历生日", "birthday is lunar", Merge.VERIFIED)
    ethnicity = code("ETH", "民族", "ethnicity", Merge.VERIFIED, required=True)
    hukou_type = code("HK", "户口性质", "hukou type", Merge.VERIFIED, required=True)
    hukou_area = area("户籍所在地区划", "hukou division", Merge.INTERVAL, required=True)
    hukou_addr = searched("户籍地址", "hukou address", Merge.VERIFIED)
    residence_area = area("常住地区划", "division of residence", Merge.INTERVAL, required=True)
    residence_addr = searched("常住地址", "address of residence", Merge.LATEST, required=True)
    residence_kind = code("RK", "人户情况", "residence and hukou", Merge.INTERVAL, required=True)
    household = entry(
        "ledgers.Household",
        "所属家庭",
        "household",
        Merge.INTERVAL,
        required=True,
        related_name="residents",
        computed=True,
    )
    relation = code("REL", "与户主关系", "relation to head", Merge.LATEST, required=True)
    marital = code("MAR", "婚姻状况", "marital status", Merge.VERIFIED)
    political = code(
        "POL",
        "政治面貌",
        "political affiliation",
        Merge.VERIFIED,
        sensitivity=Sensitivity.RESTRICTED,
    )
    edu = code("EDU", "文化程度", "education", Merge.VERIFIED, required=True)
    major = text("所学专业", "major", Merge.VERIFIED)
    graduated_on = day("毕业时间", "graduated on", Merge.VERIFIED)
    skill_grade = codes("SK", "职业技能等级", "skill grade", Merge.ACCUMULATE)
    title = codes("TI", "专业技术职称", "professional title", Merge.ACCUMULATE)
    skills = text("技能特长", "skills", Merge.ACCUMULATE)
    health = code("HL", "健康状况", "health", Merge.VERIFIED, required=True)
    disability = codes(
        "DIS",
        "残疾类别",
        "disability",
        Merge.VERIFIED,
        sensitivity=Sensitivity.RESTRICTED,
        depends=Depends("health", ("6",)),
    )
    disability_grade = code(
        "DG",
        "残疾等级",
        "disability grade",
        Merge.VERIFIED,
        sensitivity=Sensitivity.RESTRICTED,
        depends=Depends("health", ("6",)),
    )
    disability_cert = sealed(
        "残疾人证号",
        "disability certificate number",
        Merge.VERIFIED,
        sensitivity=Sensitivity.RESTRICTED,
        depends=Depends("health", ("6",)),
    )
    disability_cert_hash = hash_of()
    phone = sealed("联系电话", "phone", Merge.LATEST, reads=Reading.PHONE)
    phone_hash = hash_of()
    earlier_phones = sealed_list("phone")  # the two before it
    work_capacity = code("WC", "劳动能力", "capacity to work", Merge.VERIFIED)
    job_willing = boolean("就业愿望", "willing to work", Merge.LATEST, is_remembered=True)
    emp_status = code("ES", "就业状况", "employment status", Merge.INTERVAL)
    person_status = code("PS", "人员状态", "status of the record", Merge.STATES, required=True)
    insurance = codes("INS", "参加社会保险", "social insurance", Merge.LATEST)
    unemployment_cert_no = text(
        "失业证/就业创业证号", "unemployment certificate number", Merge.VERIFIED
    )
    wish_job = codes(
        "OCC",
        "求职意向工种",
        "wished occupations",
        Merge.LATEST,
        is_remembered=True,
        depends=Depends("job_willing", (True,)),
    )
    wish_wage = code(
        "WB", "期望月薪", "wished wage", Merge.LATEST, depends=Depends("job_willing", (True,))
    )
    wish_area = codes(
        "WA", "期望就业地", "wished places", Merge.LATEST, depends=Depends("job_willing", (True,))
    )
    training_wish = codes("TW", "培训愿望", "wished training", Merge.LATEST)
    land_mu = decimal("承包地(亩)", "contracted land (mu)", Merge.LATEST)
    surplus = boolean("农村富余劳动力", "rural surplus labour", Merge.LATEST)
    is_4050 = boolean("4050人员", "4050 person", Merge.FIXED, computed=True)
    in_zero_emp_hh = boolean(
        "零就业家庭成员", "in a zero-employment household", Merge.FIXED, computed=True
    )
    long_term_unemployed = boolean("长期失业", "long-term unemployed", Merge.FIXED, computed=True)
    new_entrant = boolean(
        "新成长劳动力", "new entrant to the labour force", Merge.FIXED, computed=True
    )
    is_key = boolean("重点援助对象", "key person of assistance", Merge.FIXED, computed=True)
    linked_worker = user("挂钩联系人", "linked worker", Merge.LATEST)
    death_date = day(
        "死亡日期", "date of death", Merge.VERIFIED, depends=Depends("person_status", ("3",))
    )
    consent_at = instant("告知同意时间", "consent given at", Merge.LATEST)
    consent_scope = codes("CS", "同意范围", "consent covers", Merge.LATEST)
    visit_due = day(
        "下次走访到期(登记失业)", "next visit due (registered)", Merge.FIXED, computed=True
    )  # while no case is open, which has a due day of its own

    ledger = LedgerDefinition(
        "person",
        "persons",
        Label("城乡劳动力资源台帐", "Persons"),
        number="L1",
        strong_keys=frozenset({"id_no"}),
        machines=(PERSON_STATUS,),
        search=("name",),
        ordering=("name", "birth_date"),
        has_own_fold=True,
        views=(
            View(
                "unemployed",
                Label("失业(下岗)人员台帐", "Unemployed and laid-off persons"),
                (Depends("emp_status", ("20", "21", "22")),),
            ),
            View(
                "new-entrants",
                Label("新成长劳动力台帐", "New entrants to the labour force"),
                (Depends("new_entrant", (True,)),),
            ),
            View(
                "hard-to-place",
                Label("就业困难群体台帐", "Persons hard to place"),
                (Depends("is_key", (True,)),),
            ),
            View(
                "flexible-workers",
                Label("灵活就业人员台帐", "Persons in flexible work"),
                (Depends("emp_status", ("13",)),),
            ),
            View(
                "surplus-labour",
                Label("农村富余劳动力台帐", "Rural surplus labour"),
                (Depends("surplus", (True,)),),
            ),
        ),
    )

    class Meta(LedgerEntry.Meta):
        indexes = (
            *LedgerEntry.Meta.indexes,
            GinIndex(
                NameWords("name"), name="person_by_words", gin_pending_list_limit=128
            ),  # kilobytes that each search reads through
            models.Index(fields=("name", "birth_date"), name="person_by_name_and_birth"),
            models.Index(
                "birth_date",
                Left("area_code", PREFIX_LENGTH[Level.STREET]),
                name="person_by_birth_in_office",
            ),
            models.Index(fields=("area_code", "name", "id"), name="person_by_area_and_name"),
            models.Index(
                fields=("emp_status", "area_code", "name", "id"), name="person_by_employment"
            ),
            models.Index(
                fields=("visit_due", "id"),
                name="persons_by_next_visit",
                condition=models.Q(visit_due__isnull=False),
            ),
            models.Index(fields=("area_code", "id"), name="persons_seeking", condition=MAY_SEEK),
            *(
                models.Index(
                    fields=("area_code", "name", "id"),
                    name=f"person_{flag}"[:30],
                    condition=models.Q(**{flag: True}),
                )
                for flag in GROUPS
            ),
            models.Index(
                fields=("id_no_hash",),
                name="person_by_id_no",
                condition=models.Q(id_no_hash__isnull=False),
            ),
            models.Index(
                fields=("phone_hash",),
                name="person_by_phone",
                condition=models.Q(phone_hash__isnull=False),
            ),
        )


class Spell(LedgerEntry):
    """L3 就业与失业台帐: a period of employment or unemployment; a person's spells never overlap."""

    person = entry(
        "ledgers.Person", "人员", "person", Merge.FIXED, required=True, related_name="spells"
    )
    spell_kind = code(
        "SPK", "状态类别", "kind of spell", Merge.INTERVAL, required=True, computed=True
    )
    emp_form = code("EF", "就业形式", "form of employment", Merge.INTERVAL)
    employer = entry("ledgers.Employer", "用人单位", "employer", Merge.INTERVAL)
    employer_name = searched("单位名称", "employer's name", Merge.INTERVAL, reads=Reading.NAME)
    industry = code("IND", "行业", "industry", Merge.INTERVAL)
    occupation = code("OCC", "职业工种", "occupation", Merge.INTERVAL)
    workplace_area = area("就业地区划", "division of work", Merge.INTERVAL)
    contract = code("CT", "劳动合同", "labour contract", Merge.LATEST)
    wage_band = code("WB", "月工资档", "wage band", Merge.LATEST)
    start_on = day("就业/失业起始日期", "start", Merge.INTERVAL, required=True)
    end_on = day("终止日期", "end", Merge.INTERVAL, computed=True)
    end_reason = code("UR", "终止原因", "reason of the end", Merge.INTERVAL)
    reg_type = code("RT", "登记类别", "registration", Merge.STATES)
    reg_no = text("登记编号", "registration number", Merge.FIXED)
    reg_date = day("登记日期", "registered on", Merge.FIXED)
    unemp_date = day("失业日期", "unemployed since", Merge.VERIFIED)
    unemp_reason = code("UR", "失业原因", "reason of unemployment", Merge.VERIFIED)
    benefit_months = integer("领取失业金月数", "months of benefit", Merge.VERIFIED)
    cancel_date = day("注销日期", "cancelled on", Merge.STATES)
    cancel_reason = code("CR", "注销原因", "reason of cancellation", Merge.STATES)
    proof = codes("MAT", "证明材料", "proofs", Merge.ACCUMULATE)

    ledger = LedgerDefinition(
        "spell",
        "spells",
        Label("就业与失业台帐", "Employment and unemployment"),
        number="L3",
        part_of=("person",),
        search=("employer_name",),
        ordering=("start_on",),
        has_own_fold=True,
    )


class AssistanceCase(LedgerEntry):
    """L4 就业援助台帐: an assistance case of a person, or of a zero-employment household; each has at most one open case."""

    case_no = searched("援助编号", "case number", Merge.FIXED, required=True)
    subject_person = entry(
        "ledgers.Person", "援助对象", "person assisted", Merge.FIXED, related_name="cases"
    )
    subject_household = entry(
        "ledgers.Household", "援助家庭", "household assisted", Merge.FIXED, related_name="cases"
    )
    category = codes("AC", "援助类别", "assistance categories", Merge.ACCUMULATE, required=True)
    category_evidence = codes("MAT", "类别依据", "evidence of the categories", Merge.ACCUMULATE)
    level = code("LV", "援助级别", "level of assistance", Merge.LATEST, required=True)
    found_by = code("FB", "发现方式", "found by", Merge.FIXED, required=True)
    state = code("ST4", "援助状态", "state of the case", Merge.STATES, required=True)
    opened_on = day(
        "建档日期",
        "opened on",
        Merge.FIXED,
        required=True,
        rounded=Rounded(
            Precision.MONTH,
            Depends("category", (AssistanceCategory.A_OLDER, AssistanceCategory.B_OLDER)),
        ),
    )
    agreement_no = text("就业援助协议书编号", "agreement number", Merge.VERIFIED)
    plan_services = codes("SV", "援助措施", "services of the plan", Merge.ACCUMULATE)
    linked_worker = user("援助责任人", "linked worker", Merge.INTERVAL, required=True)
    community_opinion = text("社区初审意见", "community's opinion", Merge.LATEST)
    notice_from = day("公示起", "public notice from", Merge.LATEST)
    notice_to = day("公示止", "public notice to", Merge.LATEST)
    street_opinion = text("街道审核意见", "street's opinion", Merge.LATEST)
    county_opinion = text("县区确认意见", "county's opinion", Merge.LATEST)
    certified_on = day("认定日期", "certified on", Merge.FIXED)
    five_clear = structured("五清(家庭/原因/技能/培训/择业)", "five clear facts", Merge.LATEST)
    offers_n = counted("offer", "送岗次数", "jobs offered", by="person", day="offered_on")
    refusals_n = counted(
        "offer",
        "无正当理由拒绝次数",
        "refusals without good reason",
        by="person",
        where=(
            Depends("response", ("3",)),
            Depends("refuse_reason", ("1", "2", "3", "8", "9")),
            Depends("verified_level", (2, 3, 4)),
        ),
        day="offered_on",
        once_a_day=True,
    )
    last_visit = day("最近走访日期", "last visit", Merge.FIXED)
    next_due = day("下次走访到期", "next visit due", Merge.FIXED)
    placed_on = day("安置就业日期", "placed on", Merge.STATES)
    placed_form = code("EF", "安置形式", "form of placement", Merge.STATES)
    followup = structured("回访(1/3/6月)", "follow-up (1/3/6 months)", Merge.FIXED)
    closed_on = day(
        "退出日期",
        "closed on",
        Merge.STATES,
        depends=Depends("state", ("9",)),
        rounded=Rounded(Precision.MONTH, Depends("close_reason", (CloseReason.RETIRED,))),
    )
    close_reason = code(
        "CL", "退出原因", "reason of closing", Merge.STATES, depends=Depends("state", ("9",))
    )

    ledger = LedgerDefinition(
        "case",
        "cases",
        Label("就业援助台帐", "Assistance cases"),
        number="L4",
        part_of=("person", "household"),
        numbered="case_no",
        machines=(CASE,),
        search=("case_no",),
        joined_search=("subject_person__name",),
        ordering=("opened_on", "next_due"),
        has_own_fold=True,
    )

    class Meta(LedgerEntry.Meta):
        indexes = (
            *LedgerEntry.Meta.indexes,
            models.Index(fields=("-closed_on", "next_due", "id"), name="cases_by_closing"),
            models.Index(
                fields=("next_due", "id"),
                name="open_cases_by_next_visit",
                condition=~models.Q(state=CaseState.CLOSED),
            ),
        )
