"""The serializers of visits due and of handing them over."""

from __future__ import annotations

from rest_framework import serializers

from server.ledgers.definitions.visit_plans import LEDGER_OF, VisitPlan
from server.ledgers.desk.bulk import MOST


class DueVisitSerializer(serializers.Serializer):
    """A visit that is due."""

    id = serializers.UUIDField(read_only=True, help_text="Of the entry that asks for the visit.")
    ledger = serializers.ChoiceField(
        read_only=True,
        choices=sorted(set(LEDGER_OF.values())),
        help_text="Whose entry `id` is.",
    )
    plan = serializers.ChoiceField(read_only=True, choices=list(VisitPlan))
    area_code = serializers.CharField(read_only=True)
    due_on = serializers.DateField(read_only=True)
    is_overdue = serializers.BooleanField(read_only=True)
    last_visit = serializers.DateField(read_only=True, allow_null=True)
    attempts = serializers.IntegerField(
        read_only=True, help_text="Visits since the last that was made which met nobody."
    )
    exception = serializers.IntegerField(
        read_only=True,
        allow_null=True,
        help_text="The open exception by which a supervisor knows of the attempts.",
    )
    person = serializers.UUIDField(read_only=True, allow_null=True)
    household = serializers.UUIDField(read_only=True, allow_null=True)
    employer = serializers.UUIDField(read_only=True, allow_null=True)
    name = serializers.CharField(
        read_only=True, help_text="Whom to visit; empty where the entry lies in another area."
    )
    address = serializers.CharField(read_only=True)
    worker = serializers.CharField(
        read_only=True,
        allow_null=True,
        source="worker.username",
        default=None,
        help_text="The user name of the linked worker.",
    )
    reason = serializers.CharField(
        read_only=True, help_text="Why the visit is due, in the language of the request."
    )


class HandOverSerializer(serializers.Serializer):
    """To whom visits are handed, and why."""

    visits = serializers.ListField(
        child=serializers.UUIDField(),
        min_length=1,
        max_length=MOST,
        help_text="The `id` of each visit due.",
    )
    worker = serializers.CharField(max_length=150, help_text="A worker's user name.")
    reason = serializers.CharField(min_length=2, max_length=500)
    preview = serializers.BooleanField(
        default=False, help_text="Say what would change, and change nothing."
    )


class RefusedSerializer(serializers.Serializer):
    """An entry that was left as it is."""

    id = serializers.UUIDField()
    detail = serializers.CharField()


class HandedOverSerializer(serializers.Serializer):
    """What was handed over, or would be."""

    changing = serializers.ListField(
        child=serializers.UUIDField(), help_text="The visits that get another worker."
    )
    unchanged = serializers.ListField(
        child=serializers.UUIDField(),
        help_text="The visits that are the worker's already, or not the caller's to decide about.",
    )
    acts = serializers.ListField(
        child=serializers.IntegerField(),
        help_text="The desk acts, each undone at the entry it is about; none in a preview.",
    )
    refused = RefusedSerializer(many=True)
