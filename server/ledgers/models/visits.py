"""Visits (L5)."""

from __future__ import annotations

from django.db import models

from server.core.labels import Label
from server.ledgers.definitions.columns import (
    Merge,
    code,
    codes,
    day,
    decimal,
    entry,
    image,
    instant,
    point,
    text,
)
from server.ledgers.definitions.declaring import LedgerDefinition
from server.ledgers.models.base import LedgerEntry


class Visit(LedgerEntry):
    """L5 入户家访记录: one visit to a household, person or employer."""

    person = entry(
        "ledgers.Person", "走访对象", "person visited", Merge.FIXED, related_name="visits"
    )
    household = entry(
        "ledgers.Household", "走访家庭", "household visited", Merge.FIXED, related_name="visits"
    )
    employer = entry(
        "ledgers.Employer", "走访单位", "employer visited", Merge.FIXED, related_name="visits"
    )
    purpose = code("VP", "走访目的", "purpose of the visit", Merge.FIXED, required=True)
    mode = code("VM", "走访方式", "mode of the visit", Merge.FIXED, required=True)
    visited_at = instant("走访时间", "time of the visit", Merge.FIXED, required=True)
    outcome = code("VO", "走访结果", "outcome of the visit", Merge.FIXED, required=True)
    met_whom = code("MW", "受访人", "who was met", Merge.FIXED)
    loc = point("定位", "place (WGS 84)", Merge.FIXED)
    loc_distance_m = decimal(
        "与户址距离(米)", "distance from the household (m)", Merge.FIXED, computed=True
    )
    findings = text("了解情况", "findings", Merge.FIXED)
    services = codes("SV", "提供服务", "services given", Merge.FIXED)
    policies_told = codes("PO", "宣讲政策", "policies explained", Merge.FIXED)
    needs = codes("ND", "需求", "needs", Merge.FIXED)
    referral = code("RF", "转介", "referral", Merge.FIXED)
    next_visit_on = day("下次走访", "next visit", Merge.FIXED)
    signature = image("签名", "signature", Merge.FIXED)

    ledger = LedgerDefinition(
        "visit",
        "visits",
        Label("入户家访记录", "Visits"),
        number="L5",
        joined_search=("person__name", "household__address", "employer__name"),
        ordering=("visited_at",),
        place="loc",
        has_own_fold=True,
    )

    class Meta(LedgerEntry.Meta):
        indexes = (
            *LedgerEntry.Meta.indexes,
            models.Index(fields=("area_code", "-visited_at"), name="visits_newest_first"),
        )
