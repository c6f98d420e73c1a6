"""Rural labour that moves (L9), workers who come and go (L10), flexible work (L11)."""

from __future__ import annotations

from server.core.labels import Label
from server.ledgers.definitions.columns import (
    Depends,
    Merge,
    Reading,
    area,
    boolean,
    code,
    codes,
    day,
    entry,
    hash_of,
    sealed,
    searched,
)
from server.ledgers.definitions.declaring import LedgerDefinition, View
from server.ledgers.models.base import LedgerEntry


class Transfer(LedgerEntry):
    """L9 农村富余劳动力转移就业台帐: a stretch of work away from the land."""

    person = entry(
        "ledgers.Person", "人员", "person", Merge.FIXED, required=True, related_name="transfers"
    )
    transfer_wish = boolean("转移意愿", "wishes to move", Merge.LATEST)
    dest_kind = code("DK", "转移地域", "kind of destination", Merge.INTERVAL)
    dest_area = area("转移地区划", "division of destination", Merge.INTERVAL)
    organised_by = code("OB", "转移方式", "organised by", Merge.INTERVAL)
    industry = code("IND", "行业", "industry", Merge.INTERVAL)
    wage_band = code("WB", "月收入档", "wage band", Merge.LATEST)
    trained = boolean("是否培训后转移", "trained before", Merge.LATEST)
    start_on = day("转移日期", "moved on", Merge.INTERVAL, required=True)
    returned_on = day("返乡日期", "returned on", Merge.INTERVAL)
    return_reason = code("UR", "返乡原因", "reason of the return", Merge.INTERVAL)

    ledger = LedgerDefinition(
        "transfer",
        "transfers",
        Label("农村富余劳动力转移就业台帐", "Transfers of rural labour"),
        number="L9",
        keys=("person+start_on",),
        confirms=False,
        joined_search=("person__name",),
        ordering=("start_on",),
    )


class Floating(LedgerEntry):
    """L10 流动就业台帐: somebody who came to work here, or left to work elsewhere."""

    person = entry(
        "ledgers.Person", "人员", "person", Merge.FIXED, required=True, related_name="floating"
    )
    direction = code("FD", "流向", "direction", Merge.FIXED, required=True)
    origin_area = area("流出地", "from", Merge.VERIFIED, required=True)
    dest_area = area("流入地", "to", Merge.VERIFIED, required=True)
    employer_name = searched("就业单位", "employer", Merge.INTERVAL, reads=Reading.NAME)
    came_on = day("流入日期", "came on", Merge.INTERVAL, required=True)
    left_on = day("离开日期", "left on", Merge.INTERVAL)
    registered_on = day("登记备案日期", "registered on", Merge.FIXED, required=True)
    permit_no = sealed("流动就业证/居住证号", "permit number", Merge.VERIFIED)
    permit_no_hash = hash_of()
    contract = code("CT", "劳动合同", "labour contract", Merge.LATEST)
    insured = boolean("参保", "insured", Merge.LATEST)
    rights_issue = entry("ledgers.Inspection", "维权事项", "rights case", Merge.LATEST)

    ledger = LedgerDefinition(
        "floating",
        "floating",
        Label("流动就业台帐", "Floating workers"),
        number="L10",
        keys=("person+came_on",),
        confirms=False,
        search=("employer_name",),
        joined_search=("person__name",),
        ordering=("came_on", "registered_on"),
        views=(
            View("in", Label("流入就业", "Came here"), (Depends("direction", ("1",)),)),
            View("out", Label("流出就业", "Went elsewhere"), (Depends("direction", ("2",)),)),
        ),
    )


class Flexible(LedgerEntry):
    """L11 灵活就业台帐: a stretch of flexible work."""

    person = entry(
        "ledgers.Person", "人员", "person", Merge.FIXED, required=True, related_name="flexible"
    )
    form = code("FX", "灵活就业形式", "form of work", Merge.INTERVAL, required=True)
    occupation = code("OCC", "从事工作", "occupation", Merge.INTERVAL)
    place = searched("就业地点", "place of work", Merge.INTERVAL)
    income_band = code("WB", "月收入档", "income band", Merge.LATEST)
    registered_on = day("登记日期", "registered on", Merge.FIXED)
    insurance = codes("INS", "参加社会保险", "social insurance", Merge.LATEST)
    agency_service = boolean("事务代理", "agency service", Merge.LATEST)
    subsidy = boolean("享受社保补贴", "insurance subsidy", Merge.VERIFIED)
    start_on = day("开始日期", "start", Merge.INTERVAL, required=True)
    end_on = day("结束日期", "end", Merge.INTERVAL)
    end_reason = code("UR", "结束原因", "reason of the end", Merge.INTERVAL)

    ledger = LedgerDefinition(
        "flexible",
        "flexible",
        Label("灵活就业台帐", "Flexible work"),
        number="L11",
        keys=("person+start_on",),
        confirms=False,
        search=("place",),
        joined_search=("person__name",),
        ordering=("start_on", "registered_on"),
    )
