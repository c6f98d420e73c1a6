"""Old ledgers on their way into the ledgers, as JSON."""

from __future__ import annotations

from rest_framework import serializers

from server.imports.models import Import, ImportedRow
from server.ledgers.intake.old_columns import LEDGERS

_LEDGERS = [(name, name) for name in LEDGERS]


class ImportSerializer(serializers.Serializer):
    """An old ledger: its file, where it stands, and how many rows are where."""

    id = serializers.IntegerField(read_only=True)
    ledger = serializers.ChoiceField(read_only=True, choices=_LEDGERS)
    filename = serializers.CharField(read_only=True)
    area_code = serializers.CharField(read_only=True)
    as_of = serializers.DateField(read_only=True)
    state = serializers.ChoiceField(read_only=True, choices=Import.State.choices)
    n_faulty = serializers.IntegerField(read_only=True, help_text="Rows that stay out.")
    n_left_out = serializers.IntegerField(
        read_only=True, help_text="Titles, headers, totals, hidden rows: no records."
    )
    n_ready = serializers.IntegerField(source="progress.ready", read_only=True)
    n_stored = serializers.IntegerField(source="progress.stored", read_only=True)
    n_known = serializers.IntegerField(
        source="progress.known", read_only=True, help_text="Rows that an earlier file had."
    )
    n_refused = serializers.IntegerField(source="progress.refused", read_only=True)
    created_at = serializers.DateTimeField(read_only=True)
    created_by = serializers.CharField(source="created_by.username", read_only=True)
    decided_at = serializers.DateTimeField(read_only=True, allow_null=True)
    decided_by = serializers.CharField(
        source="decided_by.username", default=None, read_only=True, allow_null=True
    )


class WholeImportSerializer(ImportSerializer):
    """An import with what its headings mean."""

    headings = serializers.DictField(
        read_only=True,
        child=serializers.DictField(child=serializers.CharField()),
        help_text="Sheet → heading → column; “” for none.",
    )
    columns = serializers.DictField(
        read_only=True,
        child=serializers.CharField(),
        help_text="The columns that a heading can mean, with their names.",
    )


class ImportRemarkSerializer(serializers.Serializer):
    """A row that is not ready, and why."""

    sheet = serializers.CharField()
    row = serializers.IntegerField()
    heading = serializers.CharField(help_text="“” for the row as a whole.")
    reason = serializers.CharField()


class ImportedRowSerializer(serializers.Serializer):
    """A row that can be read, and the record that it became."""

    sheet = serializers.CharField()
    row = serializers.IntegerField(source="number")
    outcome = serializers.ChoiceField(choices=ImportedRow.Outcome.choices)
    problem = serializers.CharField(help_text="Why it was refused.")
    submission = serializers.IntegerField(source="submission_id", allow_null=True)


class OldLedgerSerializer(serializers.Serializer):
    """An old ledger to check."""

    file = serializers.FileField(help_text="An .xlsx workbook or a .csv file.")
    ledger = serializers.ChoiceField(choices=_LEDGERS, help_text="What a row is.")
    area = serializers.CharField(
        max_length=12,
        help_text="Division code: a community, or a street whose rows name their community.",
    )
    as_of = serializers.DateField(help_text="The day on which rows were true that name none.")


class MeaningsSerializer(serializers.Serializer):
    """What is read otherwise; what is left out stays."""

    meanings = serializers.DictField(
        required=False,
        child=serializers.CharField(allow_blank=True, max_length=60),
        help_text="Heading → column; “” for none.",
    )
    area = serializers.CharField(required=False, max_length=12)
    as_of = serializers.DateField(required=False)
