"""Retired persons of enterprises (L15), who comes and goes among them, and whom they provide for."""

from __future__ import annotations

from server.core.labels import Label
from server.core.masking import Precision
from server.ledgers.definitions.columns import (
    Merge,
    Reading,
    Rounded,
    Sensitivity,
    area,
    boolean,
    code,
    codes,
    day,
    entry,
    hash_of,
    sealed,
    searched,
    text,
)
from server.ledgers.definitions.declaring import LedgerDefinition
from server.ledgers.definitions.machines import RETIREE, Machine, moves
from server.ledgers.models.base import LedgerEntry


def claim(column: str) -> Machine:
    """The machine of a grant that the family may claim (list AP); nothing is claimed at first."""
    return Machine(column, "5", moves({"5": {"4"}, "4": {"1", "2", "3"}, "3": {"4"}}))


class Retiree(LedgerEntry):
    """L15 企业退休人员及供养直系亲属台帐."""

    person = entry(
        "ledgers.Person",
        "退休人员",
        "retired person",
        Merge.FIXED,
        required=True,
        related_name="retirements",
    )
    retired_on = day("退休日期", "retired on", Merge.VERIFIED, required=True)
    retire_type = code("RTY", "退休类别", "kind of retirement", Merge.VERIFIED)
    former_employer = searched(
        "原单位", "former employer", Merge.VERIFIED, required=True, reads=Reading.NAME
    )
    pension_no = sealed("社保编号", "insurance number", Merge.VERIFIED)
    pension_no_hash = hash_of()
    monthly_pension = sealed("月养老金", "monthly pension", Merge.VERIFIED)
    monthly_pension_hash = hash_of()
    pay_agency = text("发放机构", "paid by", Merge.VERIFIED)
    transferred_in_on = day("移交日期", "handed over on", Merge.FIXED)
    file_no = searched("档案编号", "file number", Merge.VERIFIED)
    is_party = boolean("党员", "party member", Merge.VERIFIED, sensitivity=Sensitivity.RESTRICTED)
    party_branch = text(
        "所在支部", "party branch", Merge.LATEST, sensitivity=Sensitivity.RESTRICTED
    )
    health = code("HL", "健康状况", "health", Merge.LATEST, required=True)
    life_status = code("LS", "生活状况", "living conditions", Merge.LATEST, required=True)
    special = codes("SPR", "特殊人员类别", "special classes", Merge.ACCUMULATE)
    emergency_contact = text("紧急联系人", "emergency contact", Merge.LATEST, reads=Reading.NAME)
    qual_on = day("最近认证日期", "last proof of life", Merge.LATEST, is_remembered=True)
    qual_method = code("QM", "认证方式", "method of the proof", Merge.LATEST)
    away_area = area("异地居住地", "lives elsewhere", Merge.INTERVAL)
    death_reported_on = day("死亡报告日期", "death reported on", Merge.FIXED)
    death_proof = code("MAT", "死亡证明", "proof of death", Merge.VERIFIED)
    pension_stopped_on = day("停发日期", "pension stopped on", Merge.VERIFIED)
    funeral_claim = code("AP", "丧葬补助申领", "funeral grant", Merge.STATES)
    survivor_claim = code("AP", "遗属津贴申领", "survivors' allowance", Merge.STATES)
    state = code("ST15", "管理状态", "state of the record", Merge.STATES, required=True)

    ledger = LedgerDefinition(
        "retiree",
        "retirees",
        Label("企业退休人员及供养直系亲属台帐", "Retired persons"),
        number="L15",
        machines=(RETIREE, claim("funeral_claim"), claim("survivor_claim")),
        search=("former_employer", "file_no"),
        joined_search=("person__name",),
        ordering=("retired_on", "qual_on"),
        keys=("person+retired_on",),
    )


class RetireeChange(LedgerEntry):
    """Who came to and left the retired persons of the street (L15): one row for each change."""

    retiree = entry(
        "ledgers.Retiree",
        "退休人员",
        "retired person",
        Merge.FIXED,
        required=True,
        related_name="changes",
    )
    change_kind = code("RC", "增减类别", "kind of change", Merge.FIXED, required=True)
    change_on = day("增减日期", "changed on", Merge.FIXED, required=True)

    ledger = LedgerDefinition(
        "retiree_change",
        "retiree-changes",
        Label("退休人员增减台帐", "Changes among retired persons"),
        number="L15",
        keys=("retiree+change_kind+change_on",),
        confirms=False,
        joined_search=("retiree__person__name",),
        ordering=("change_on",),
    )


class Dependant(LedgerEntry):
    """Relatives whom a retired person provides for (L15)."""

    retiree = entry(
        "ledgers.Retiree",
        "退休人员",
        "retired person",
        Merge.FIXED,
        required=True,
        related_name="dependants",
    )
    name = searched("姓名", "name", Merge.IDENTITY, required=True, reads=Reading.NAME)
    relation = code("REL", "与退休人员关系", "relation", Merge.LATEST, required=True)
    birth_date = day(
        "出生日期",
        "date of birth",
        Merge.VERIFIED,
        sensitivity=Sensitivity.BIRTH,
        rounded=Rounded(Precision.YEAR),
    )
    studies = boolean("在学", "studies", Merge.LATEST)
    disabled = boolean("残疾", "disabled", Merge.LATEST, sensitivity=Sensitivity.RESTRICTED)
    allowance = boolean("享受供养待遇", "gets an allowance", Merge.LATEST)
    from_on = day("供养起", "from", Merge.INTERVAL)
    to_on = day("供养止", "until", Merge.INTERVAL)

    ledger = LedgerDefinition(
        "dependant",
        "dependants",
        Label("供养直系亲属台帐", "Dependants of retired persons"),
        number="L15",
        keys=("retiree+name",),
        search=("name",),
        joined_search=("retiree__person__name",),
        ordering=("name",),
    )
