"""Serializers of forms."""

from __future__ import annotations

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from server.forms.models import Form, FormVersion


class FormSerializer(serializers.Serializer):
    """A form and its current version."""

    form_id = serializers.CharField(read_only=True)
    title = serializers.CharField(read_only=True)
    state = serializers.ChoiceField(read_only=True, choices=Form.State.choices)
    version = serializers.CharField(
        read_only=True, source="current_version.version", default=None, allow_null=True
    )
    md5 = serializers.CharField(
        read_only=True,
        source="current_version.md5",
        default=None,
        allow_null=True,
        help_text="Of the XForm that phones get.",
    )
    published_at = serializers.DateTimeField(
        read_only=True, source="current_version.published_at", default=None, allow_null=True
    )
    encryption_key = serializers.CharField(
        read_only=True,
        source="current_version.encryption_key.fingerprint",
        default=None,
        allow_null=True,
        help_text="The key that phones encrypt with; null when they do not encrypt.",
    )
    n_versions = serializers.IntegerField(read_only=True)
    needs_approval = serializers.BooleanField(
        read_only=True, help_text="Whether records count in the ledgers only once approved."
    )
    n_awaiting = serializers.IntegerField(
        read_only=True, help_text="Records of your areas that count once approved."
    )
    areas = serializers.SerializerMethodField(
        help_text="Areas that are offered the form; “” is everywhere."
    )
    users = serializers.SerializerMethodField(help_text="Single workers who are offered the form.")

    def get_areas(self, form: Form) -> list[str]:
        return sorted(row.area for row in form.audience.all() if row.area is not None)

    def get_users(self, form: Form) -> list[str]:
        return sorted(row.user.username for row in form.audience.all() if row.user)


class FormVersionSerializer(serializers.Serializer):
    """A published version; it never changes."""

    form_id = serializers.CharField(read_only=True, source="form.form_id")
    version = serializers.CharField(read_only=True)
    title = serializers.CharField(read_only=True)
    md5 = serializers.CharField(read_only=True)
    is_current = serializers.BooleanField(read_only=True)
    encryption_key = serializers.CharField(
        read_only=True,
        source="encryption_key.fingerprint",
        default=None,
        allow_null=True,
        help_text="The key that phones encrypt with; null when they do not encrypt.",
    )
    published_at = serializers.DateTimeField(read_only=True)
    published_by = serializers.CharField(
        read_only=True, source="published_by.username", default=None, allow_null=True
    )
    warnings = serializers.SerializerMethodField(help_text="Warnings of the conversion.")

    def get_warnings(self, version: FormVersion) -> list[str]:
        return [str(warning) for warning in version.warnings]


class WorkbookSerializer(serializers.Serializer):
    """An XLSForm workbook, or an XForm, with the files it names."""

    workbook = serializers.FileField(
        help_text="The .xlsx, an .xls, which becomes an .xlsx, or the XML of an XForm, which phones get as it is."
    )
    media = serializers.ListField(
        child=serializers.FileField(allow_empty_file=True), required=False
    )
    new_lists = serializers.BooleanField(
        default=False,
        help_text="Whether the form may make entity lists that nobody has; else it is refused.",
    )


class FormChangeSerializer(serializers.Serializer):
    """The form's new state, or whether its records need approval, or both."""

    state = serializers.ChoiceField(choices=Form.State.choices, required=False)
    needs_approval = serializers.BooleanField(
        required=False,
        help_text="Whether records count in the ledgers only once they are approved; the records"
        " concerned are merged again.",
    )

    def validate(self, attrs):
        if not attrs:
            raise serializers.ValidationError(_("Give state, needs_approval or both."), "required")
        return attrs


@extend_schema_field({"type": "array", "items": {"type": "string", "pattern": r"^\d{0,12}$"}})
class AreasField(serializers.ListField):
    """A list of division codes or their leading digits."""

    child = serializers.RegexField(r"^\d{0,12}\Z", allow_blank=True)


class AudienceSerializer(serializers.Serializer):
    """The whole new audience of the form."""

    areas = AreasField(help_text="Division code prefixes; “” is everywhere.")
    users = serializers.ListField(child=serializers.CharField(), default=list)
