"""Households (L2) and their members."""

from __future__ import annotations

from django.contrib.gis.db import models
from django.contrib.gis.db.models.functions import Transform
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, GistIndex
from django.utils.translation import gettext_lazy as _

from server.core.labels import Label
from server.core.words import TextWords
from server.ledgers.definitions.columns import (
    Depends,
    Merge,
    boolean,
    code,
    codes,
    decimal,
    entry,
    hash_of,
    image,
    integer,
    point,
    sealed,
    searched,
    text,
)
from server.ledgers.definitions.declaring import LedgerDefinition
from server.ledgers.definitions.machines import ZERO_EMPLOYMENT
from server.ledgers.models.base import LedgerEntry


class Household(LedgerEntry):
    """L2 家庭户台帐."""

    hh_no = searched("户编号", "household number", Merge.FIXED, required=True, computed=True)
    kind = code("HHK", "家庭户类别", "kind of household", Merge.INTERVAL, required=True)
    hukou_book_no = sealed("户口簿号", "hukou book number", Merge.VERIFIED)
    hukou_book_no_hash = hash_of()
    head_person = entry(
        "ledgers.Person",
        "户主",
        "head of household",
        Merge.INTERVAL,
        required=True,
        computed=True,
        is_link=False,
    )
    address = searched("住址", "address", Merge.LATEST, required=True)
    building = searched("楼栋", "building", Merge.LATEST)
    room = searched("房号", "room", Merge.LATEST)
    loc = point("位置(WGS84)", "place (WGS 84)", Merge.VERIFIED, required=True)
    loc_accuracy = decimal(
        "定位精度(米)", "accuracy of the place (m)", Merge.VERIFIED, required=True
    )
    tenure = code("TN", "住房性质", "tenure of the home", Merge.LATEST)
    n_members = integer("人口数", "residents", Merge.FIXED, required=True, computed=True)
    n_working_age = integer("劳动年龄人数", "of working age", Merge.FIXED, computed=True)
    n_able_willing = integer(
        "有能力有愿望人数", "able and willing to work", Merge.FIXED, computed=True
    )
    n_employed = integer("已就业人数", "employed", Merge.FIXED, computed=True)
    dibao_status = code("DB", "低保状况", "minimum living allowance", Merge.VERIFIED, required=True)
    dibao_no = sealed(
        "低保证号",
        "allowance certificate number",
        Merge.VERIFIED,
        depends=Depends("dibao_status", ("1",)),
    )
    dibao_no_hash = hash_of()
    poor_rural = boolean("农村贫困户", "poor rural household", Merge.VERIFIED)
    land_lost_share = code("LL", "失地比例", "share of land lost", Merge.VERIFIED)
    income_pc_band = code("IB", "家庭人均收入档", "income per head", Merge.LATEST)
    other_income = boolean(
        "有经营性/投资性收入", "business or investment income", Merge.VERIFIED, required=True
    )
    hardship = codes("HS", "家庭困难", "hardships", Merge.ACCUMULATE, none="0")
    zero_emp_state = code("ZS", "零就业家庭状态", "zero-employment state", Merge.STATES)
    access_note = text("上门提示", "note for the door", Merge.LATEST)
    photo_door = image("门牌照片", "photo of the door plate", Merge.LATEST)
    assisted_categories = ArrayField(
        models.CharField(max_length=10), default=list
    )  # of the open cases of the household and its residents; shown on the map
    web_point = models.GeneratedField(
        expression=Transform("loc", 3857),
        output_field=models.PointField(srid=3857),
        db_persist=True,
    )  # Web Mercator, for map tiles

    ledger = LedgerDefinition(
        "household",
        "households",
        Label("家庭户台帐", "Households"),
        number="L2",
        numbered="hh_no",
        machines=(ZERO_EMPLOYMENT,),
        search=("hh_no", "address", "building", "room"),
        ordering=("hh_no", "address"),
        place="loc",
        has_own_fold=True,
    )

    class Meta(LedgerEntry.Meta):
        indexes = (
            *LedgerEntry.Meta.indexes,
            models.Index(fields=("area_code", "hh_no", "id"), name="household_by_area_and_number"),
            models.Index(
                fields=("area_code", "id"),
                name="assisted_households_by_area",
                condition=~models.Q(assisted_categories=[]),
            ),
            GinIndex(
                TextWords("hh_no", "address", "building", "room"),
                name="household_by_words",
                gin_pending_list_limit=128,
            ),
            GistIndex(
                fields=("web_point",),
                name="assisted_households_on_map",
                condition=~models.Q(assisted_categories=[]),
            ),
        )


class Membership(models.Model):
    """A person belonging to a household for a time (L2; merge rule M3)."""

    class Role(models.TextChoices):
        HUKOU = "hukou", _("registered here")
        RESIDENT = "resident", _("lives here")

    id = models.UUIDField(primary_key=True)
    household = models.ForeignKey(
        Household, models.DO_NOTHING, db_constraint=False, related_name="memberships"
    )
    person = models.ForeignKey(
        "ledgers.Person", models.DO_NOTHING, db_constraint=False, related_name="memberships"
    )
    role = models.CharField(max_length=8, choices=Role.choices)
    relation = models.CharField(max_length=10, null=True)  # REL
    from_on = models.DateField()
    to_on = models.DateField(null=True)
    contribution = models.BigIntegerField()  # the roster line that began it

    class Meta:
        ordering = ("household_id", "from_on", "id")
