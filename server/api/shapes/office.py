"""Serializers of divisions, exceptions and phones."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework_gis.fields import GeometryField

from server.accounts.services import CODES_AT_ONCE
from server.api.fields import MaskedJsonField, MaskedTextField, username_of
from server.api.shapes.forms import AreasField
from server.geo.models import Level
from server.ledgers.definitions.resolutions import Resolution, offers_of
from server.ledgers.models import LedgerException
from server.ledgers.models.choices import (
    EXCEPTION_CHOICES,
    FAMILY_CHOICES,
    RESOLUTION_CHOICES,
)
from server.ledgers.selectors import in_reach, named_entries, sources_of
from server.ledgers.services import Suggestion, suggestions

_RESOLUTIONS = dict(RESOLUTION_CHOICES)


class DivisionSerializer(serializers.Serializer):
    """A division of the administrative tree."""

    code = serializers.CharField(read_only=True)
    level = serializers.ChoiceField(
        read_only=True,
        choices=Level.choices,
        help_text="1 province, 2 city, 3 county, 4 street, 5 community.",
    )
    parent = serializers.CharField(  # type: ignore[assignment]
        read_only=True, source="parent_id", allow_null=True
    )
    name = serializers.CharField(read_only=True)
    name_en = serializers.CharField(read_only=True)
    valid_from = serializers.DateField(read_only=True, allow_null=True)
    valid_to = serializers.DateField(read_only=True, allow_null=True)


@extend_schema_field({"type": ["object", "null"]})
class OutlineField(GeometryField):
    """A division's newest outline."""


class DivisionOutlineSerializer(DivisionSerializer):
    """A division with its outline, for GeoJSON."""

    outline = OutlineField(read_only=True)


class ExceptionSerializer(serializers.Serializer):
    """One thing that the ledgers leave for office staff to decide."""

    id = serializers.IntegerField(read_only=True)
    kind = serializers.ChoiceField(read_only=True, choices=EXCEPTION_CHOICES)
    ledger = serializers.ChoiceField(read_only=True, choices=FAMILY_CHOICES, source="family")
    entry = serializers.UUIDField(read_only=True)
    other = serializers.UUIDField(
        read_only=True, allow_null=True, help_text="The possible duplicate; null in another area."
    )
    column = serializers.CharField(read_only=True)
    submission = serializers.CharField(
        read_only=True,
        source="record",
        allow_null=True,
        help_text="The submission that raised it, if you may see it; null for a desk act.",
    )
    area_code = serializers.CharField(read_only=True)
    detail = MaskedJsonField()
    opened_at = serializers.DateTimeField(read_only=True)
    resolved_at = serializers.DateTimeField(read_only=True, allow_null=True)
    resolved_by = serializers.SerializerMethodField()
    resolution = MaskedTextField(help_text="The note.")
    resolved_as = serializers.ChoiceField(
        read_only=True,
        allow_blank=True,
        choices=RESOLUTION_CHOICES,
        help_text="The resolution that was taken; empty while the exception is open.",
    )
    offers = serializers.SerializerMethodField(
        help_text="The resolutions that its kind offers; one exception lists them as suggestions."
    )

    def get_offers(self, row: LedgerException) -> list[str]:
        if row.resolved_at is not None:
            return []
        offers = offers_of(row.kind, row.family)
        return list(dict.fromkeys(str(offer.resolution) for offer in offers))

    def get_resolved_by(self, row: LedgerException) -> str | None:
        return username_of(row, "resolved_by")

    def to_representation(self, instance: LedgerException) -> dict[str, Any]:
        """The exception; entries of another area that it names are null."""
        body: dict[str, Any] = super().to_representation(instance)
        seen = self._seen(instance)
        if instance.other not in seen:
            body["other"] = None
        if homes := instance.detail.get("households"):
            shown = [home if UUID(home) in seen else None for home in homes]
            body["detail"] = {**instance.detail, "households": shown}
        return body

    def _seen(self, instance: LedgerException) -> set[UUID]:
        """The entries named by the page's exceptions that the caller sees; asked once a page."""
        page = self.parent.instance if self.parent is not None else [instance]
        if not hasattr(self, "_entries_seen"):
            access = self.context["access"]
            self._entries_seen = in_reach(access, named_entries(page or [instance]))
        return self._entries_seen


class ExceptionSourceSerializer(serializers.Serializer):
    """One record or desk act that speaks of what the exception is about; protected values are masked."""

    source = serializers.IntegerField(read_only=True, source="contribution")  # type: ignore[assignment]
    value = serializers.JSONField(
        read_only=True,
        help_text="What it says; null in another area, and where the exception is about no column.",
    )
    raised = serializers.BooleanField(read_only=True, help_text="Whether it caused the exception.")
    observed_at = serializers.DateTimeField(read_only=True)
    verified_level = serializers.IntegerField(read_only=True)
    by = serializers.CharField(read_only=True, source="worker", help_text="Empty in another area.")
    submission = serializers.CharField(read_only=True, allow_null=True)
    is_desk_act = serializers.BooleanField(read_only=True)
    is_elsewhere = serializers.BooleanField(read_only=True)


class SuggestionSerializer(serializers.Serializer):
    """An act that resolves the exception."""

    resolution = serializers.ChoiceField(read_only=True, choices=RESOLUTION_CHOICES)
    label = serializers.CharField(read_only=True)  # type: ignore[assignment]
    column = serializers.CharField(read_only=True)
    source = serializers.IntegerField(  # type: ignore[assignment]
        read_only=True, allow_null=True, help_text="Of keep: the source whose value is kept."
    )
    value = serializers.JSONField(read_only=True)
    to = serializers.CharField(read_only=True, help_text="Of move: the code of the state.")
    needs = serializers.ListField(
        child=serializers.CharField(),
        read_only=True,
        help_text="What must be given besides: value, values of columns, evidence.",
    )
    may = serializers.BooleanField(read_only=True, help_text="Whether the caller's roles suffice.")

    def to_representation(self, instance: Suggestion) -> dict[str, Any]:
        step, source = instance.move, instance.source
        needs = ["value"] if instance.needs_value else []
        if step is not None:
            needs = [column.name for column in step.needs]
            needs += ["evidence"] if step.needs_evidence else []
        label = str(_RESOLUTIONS[instance.resolution])
        return {
            "resolution": str(instance.resolution),
            "label": f"{label}: {step.label}" if step is not None else label,
            "column": instance.column,
            "source": source.contribution if source is not None else None,
            "value": source.value if source is not None else None,
            "to": step.to if step is not None else "",
            "needs": needs,
            "may": step is None or step.may,
        }


class ExceptionDetailSerializer(ExceptionSerializer):
    """An exception with what its sources say and what resolves it."""

    sources = serializers.SerializerMethodField()
    suggestions = serializers.SerializerMethodField()

    @extend_schema_field(ExceptionSourceSerializer(many=True))
    def get_sources(self, row: LedgerException) -> Any:
        return ExceptionSourceSerializer(sources_of(self.context["access"], row), many=True).data

    @extend_schema_field(SuggestionSerializer(many=True))
    def get_suggestions(self, row: LedgerException) -> Any:
        return SuggestionSerializer(suggestions(self.context["access"], row), many=True).data


class ResolveSerializer(serializers.Serializer):
    """How the exception is resolved: by one of its suggestions, with what that needs; by the note alone when none is named."""

    note = serializers.CharField(max_length=2000, help_text="The reason of the act.")
    resolution = serializers.ChoiceField(
        choices=RESOLUTION_CHOICES, default=str(Resolution.NOTE), required=False
    )
    source = serializers.IntegerField(  # type: ignore[assignment]
        required=False, default=None, allow_null=True, help_text="Of keep: a source's number."
    )
    value = serializers.JSONField(required=False, default=None, help_text="Of correct.")
    to = serializers.CharField(
        required=False, default="", max_length=10, help_text="Of move: the code of the state."
    )
    values = serializers.DictField(
        child=serializers.JSONField(),
        required=False,
        default=dict,
        help_text="Of move: column → value, of the columns that the move needs or takes.",
    )
    evidence = serializers.ListField(
        child=serializers.CharField(max_length=10),
        required=False,
        default=list,
        help_text="Of move: documents seen, codes of MAT.",
    )


class FieldAccountSerializer(serializers.Serializer):
    """A phone's account. Its token is not stored."""

    id = serializers.IntegerField(read_only=True)
    username = serializers.CharField(read_only=True, source="user.username")
    name = serializers.CharField(read_only=True, source="user.name")
    label = serializers.CharField(read_only=True)  # type: ignore[assignment]
    created_at = serializers.DateTimeField(read_only=True)
    revoked_at = serializers.DateTimeField(read_only=True, allow_null=True)
    last_seen_at = serializers.DateTimeField(
        read_only=True, allow_null=True, help_text="Last contact; at most a minute behind."
    )
    user_agent = serializers.CharField(
        read_only=True, help_text="The User-Agent header of the app."
    )
    device_id = serializers.CharField(read_only=True)
    clock_ahead = serializers.IntegerField(
        read_only=True,
        allow_null=True,
        help_text="Seconds the phone's clock is ahead; half a day more or less is not seen.",
    )
    record_received_at = serializers.DateTimeField(
        read_only=True, allow_null=True, help_text="When its newest submission was received."
    )
    record_finished_at = serializers.DateTimeField(
        read_only=True,
        allow_null=True,
        help_text="When that submission was finished, by the phone's clock; null where the form keeps no audit log.",
    )


class NewFieldAccountSerializer(serializers.Serializer):
    """The worker a code is made for; with `areas`, a new worker."""

    username = serializers.CharField(max_length=150)
    name = serializers.CharField(max_length=100, default="", allow_blank=True)
    areas = AreasField(default=list)
    label = serializers.CharField(  # type: ignore[assignment]
        max_length=100, default="", allow_blank=True
    )


class LostPhoneSerializer(serializers.Serializer):
    """The worker whose phone is lost."""

    username = serializers.CharField(max_length=150)


@extend_schema_field(
    {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": CODES_AT_ONCE}
)
class UsernamesField(serializers.ListField):
    """A list of user names, at most as many as one sheet of QR codes holds."""

    child = serializers.CharField(max_length=150)

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_empty=False, max_length=CODES_AT_ONCE, **options)


class NewCodesSerializer(serializers.Serializer):
    """The workers whose codes are made: all of them or none."""

    usernames = UsernamesField()
    replace = serializers.BooleanField(
        default=False, help_text="Revoke the workers' old codes; passwords stay valid."
    )
    label = serializers.CharField(  # type: ignore[assignment]
        max_length=100, default="", allow_blank=True
    )


class EndingSerializer(serializers.Serializer):
    """The workers whose codes are revoked: all of them or none."""

    usernames = UsernamesField()


class EndedSerializer(serializers.Serializer):
    """How many codes were revoked."""

    revoked = serializers.IntegerField(read_only=True)


class SetUpSerializer(serializers.Serializer):
    """Everything the phone needs; shown only in this answer."""

    id = serializers.IntegerField()
    username = serializers.CharField()
    password = serializers.CharField(
        allow_null=True, help_text="The new password, if one was made."
    )
    base_url = serializers.CharField(help_text="Collect's server address, with the token.")
    collect = serializers.DictField(help_text="Collect's settings.")
    qr = serializers.CharField(help_text="What the QR code holds.")
