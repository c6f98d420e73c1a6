"""Serializers of erasures."""

from __future__ import annotations

from rest_framework import serializers

from server.api.fields import MaskedTextField
from server.erasure.models import Erasure


class ErasureSerializer(serializers.Serializer):
    """A request to erase, the decision, and what stays: who, when and why."""

    id = serializers.IntegerField(read_only=True)
    subject = serializers.ChoiceField(read_only=True, choices=Erasure.Subject.choices)
    instance_id = serializers.CharField(
        read_only=True, source="submission.instance_id", default=None, allow_null=True
    )
    form = serializers.CharField(
        read_only=True, source="submission.form.form_id", default=None, allow_null=True
    )
    person = serializers.UUIDField(read_only=True, allow_null=True)
    area_code = serializers.CharField(read_only=True)
    cause = serializers.ChoiceField(read_only=True, choices=Erasure.Cause.choices)
    reason = MaskedTextField()
    state = serializers.ChoiceField(read_only=True, choices=Erasure.State.choices)
    asked_by = serializers.CharField(read_only=True, source="asked_by.username")
    asked_at = serializers.DateTimeField(read_only=True)
    decided_by = serializers.CharField(
        read_only=True, source="decided_by.username", default=None, allow_null=True
    )
    decided_at = serializers.DateTimeField(read_only=True, allow_null=True)
    done_at = serializers.DateTimeField(
        read_only=True, allow_null=True, help_text="When the last file was deleted."
    )
    n_submissions = serializers.IntegerField(
        read_only=True, help_text="Records that were erased, whole or in part."
    )
    n_files = serializers.IntegerField(read_only=True)


class AskingSerializer(serializers.Serializer):
    """What to erase: a record by form and instance ID, or a person; and why."""

    form = serializers.CharField(required=False, default="", allow_blank=True)
    instance_id = serializers.CharField(required=False, default="", allow_blank=True)
    person = serializers.UUIDField(required=False, default=None, allow_null=True)
    cause = serializers.ChoiceField(choices=Erasure.Cause.choices)
    reason = serializers.CharField(max_length=2000)
