"""Serializers of reports: what is asked, and the tables."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from server.core import clock
from server.reports.definitions.periods import LATEST_START, period_named, quarter_before
from server.reports.definitions.tables import Report
from server.reports.forms import forms_of
from server.reports.selectors import Table
from server.reports.sheets import rows_of


class AskedSerializer(serializers.Serializer):
    """Of which division and period, and as known when."""

    area = serializers.RegexField(r"^\d{12}$", help_text="Division code of 12 digits.")
    period = serializers.CharField(
        required=False, default="", help_text="2026-09, 2026Q3 or 2026; the last quarter that is over when left out."
    )  # fmt: skip
    starts_on = serializers.IntegerField(
        required=False, default=1, min_value=1, max_value=LATEST_START,
        help_text="Day of the month on which periods begin.",
    )  # fmt: skip
    known_by = serializers.DateTimeField(
        required=False, default=None, help_text="As was known at this instant; now when left out."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """The period as such. Raises BadPeriod."""
        name, starts_on = attrs.pop("period"), attrs.pop("starts_on")
        last = quarter_before(clock.today()).name
        attrs["period"] = period_named(name or last, starts_on)
        return attrs


class CellSerializer(AskedSerializer):
    """A cell of a report."""

    row = serializers.CharField()
    column = serializers.CharField()


class ReportColumnSerializer(serializers.Serializer):
    """A column: an indicator with its definition, or a rate."""

    name = serializers.CharField()
    group = serializers.CharField()
    title = serializers.CharField()
    definition = serializers.CharField()
    unit = serializers.CharField()


class ReportKindSerializer(serializers.Serializer):
    """A kind of report."""

    code = serializers.CharField()
    title = serializers.CharField()
    clause = serializers.CharField()
    period = serializers.CharField(help_text="How often it is made: month or quarter.")
    columns = ReportColumnSerializer(many=True)


class ReportRowSerializer(serializers.Serializer):
    """A row: its key, name and numbers by column; null for a rate of nothing, "*" where withheld."""

    row = serializers.CharField()
    name = serializers.CharField()
    numbers = serializers.DictField(child=serializers.JSONField(allow_null=True))


class ReportFormLineSerializer(serializers.Serializer):
    """A line of a prescribed table: numbers under its heads, null where there is none."""

    name = serializers.CharField()
    numbers = serializers.ListField(child=serializers.JSONField(allow_null=True))


class ReportFormSerializer(serializers.Serializer):
    """A table that the report prescribes for the whole area, made of the numbers of its last row."""

    title = serializers.CharField()
    heads = serializers.ListField(child=serializers.CharField())
    lines = ReportFormLineSerializer(many=True)


class ReportGapSerializer(serializers.Serializer):
    """A balance that does not hold: the two numbers, and entries of which the sides count different numbers."""

    balance = serializers.CharField()
    row = serializers.CharField()
    left = serializers.FloatField()
    right = serializers.FloatField()
    ledger = serializers.CharField(help_text="Of these entries.")
    entries = serializers.ListField(child=serializers.UUIDField())


class ReportSerializer(serializers.Serializer):
    """A report as counted."""

    code = serializers.CharField()
    title = serializers.CharField()
    area = serializers.CharField()
    area_name = serializers.CharField()
    period = serializers.CharField()
    first = serializers.DateField()
    last = serializers.DateField()
    known_by = serializers.DateTimeField(allow_null=True)
    counted_at = serializers.DateTimeField()
    is_behind = serializers.BooleanField(help_text="Entries have changed that are not counted yet.")
    columns = ReportColumnSerializer(many=True)
    rows = ReportRowSerializer(many=True)
    forms = ReportFormSerializer(many=True)
    gaps = ReportGapSerializer(many=True)


class ReportEntrySerializer(serializers.Serializer):
    """An entry behind a number: since when it stands so, or when it happened."""

    ledger = serializers.CharField()
    entry = serializers.UUIDField()
    area_code = serializers.CharField()
    since = serializers.DateField()
    reason = serializers.CharField(allow_blank=True)
    quantity = serializers.FloatField(
        allow_null=True, help_text="How much of the number; null where each entry counts as one."
    )


class ReportEntriesSerializer(serializers.Serializer):
    """The entries behind a number."""

    total = serializers.IntegerField()
    hidden = serializers.IntegerField(help_text="Beside those listed, that the caller may not see.")
    left_off = serializers.IntegerField(help_text="Beyond the first 500.")
    shown = ReportEntrySerializer(many=True)


def kind_of(report: Report) -> dict[str, Any]:
    """A kind of report in plain values."""
    return {
        "code": report.code,
        "title": str(report.title),
        "clause": report.clause,
        "period": report.unit,
        "columns": columns_of(report),
    }


def columns_of(report: Report) -> list[dict[str, str]]:
    """The columns of a report in plain values."""
    return [
        {
            "name": column.name,
            "group": str(group.label),
            "title": str(column.label),
            "definition": str(column.words),
            "unit": str(column.unit),
        }
        for group in report.groups
        for column in group.columns
    ]


def plain_table(table: Table) -> dict[str, Any]:
    """A report in plain values."""
    names = [column.name for column in table.report.columns()]
    return {
        "code": table.report.code,
        "title": str(table.report.title),
        "area": table.area,
        "area_name": table.area_name,
        "period": table.period.name,
        "first": table.period.first,
        "last": table.period.last,
        "known_by": table.scope.known_by,
        "counted_at": table.counted_at,
        "is_behind": table.is_behind,
        "columns": columns_of(table.report),
        "rows": [
            {"row": key, "name": name, "numbers": dict(zip(names, numbers, strict=True))}
            for key, name, numbers in rows_of(table)
        ],
        "forms": [
            {
                "title": form.title,
                "heads": form.heads,
                "lines": [
                    {"name": name, "numbers": [cell.number for cell in cells]}
                    for name, cells in form.lines
                ],
            }
            for form in forms_of(table)
        ],
        "gaps": [
            {
                "balance": str(gap.balance.label),
                "row": gap.row,
                "left": gap.left,
                "right": gap.right,
                "ledger": gap.ledger,
                "entries": gap.entries,
            }
            for gap in table.gaps
        ],
    }
