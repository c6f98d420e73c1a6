"""The serializer of visits due."""

from __future__ import annotations

from rest_framework import serializers

from server.ledgers.definitions.visit_plans import LEDGER_OF, VisitPlan


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
