"""Encryption keys: making and replacing them, uploading private halves, opening records that wait."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSetMixin

from server.accounts.access import PUBLISHERS
from server.api.shapes.encryption import (
    EncryptionKeySerializer,
    NewKeySerializer,
    OpenedSerializer,
    OpeningSerializer,
    PrivateKeySerializer,
)
from server.api.views.base import Door
from server.core.clock import now
from server.forms import keys, services
from server.forms.filters import EncryptionKeyFilters
from server.forms.models import EncryptionKey
from server.forms.selectors import encryption_keys
from server.submissions import opening
from server.submissions.encrypted import encrypted_counts


class EncryptionKeys(ViewSetMixin, ListModelMixin, RetrieveModelMixin, Door):
    """Keys that phones encrypt records with; for those who publish forms.

    A key is named by its fingerprint, or by as many of its first letters as no other
    shares, at least six. No answer ever holds a private half or a passphrase.
    """

    model = EncryptionKey
    holds_persons = False
    lookup_field = "fingerprint"
    lookup_value_converter = "str"
    parser_classes = (JSONParser,)
    serializer_class = EncryptionKeySerializer
    filterset_class = EncryptionKeyFilters

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.require(PUBLISHERS)

    def rows(self) -> QuerySet[Any]:
        return encryption_keys(self.access)

    def get_object(self) -> EncryptionKey:
        """Raises UnknownEncryptionKey."""
        named = keys.key_named(self.kwargs["fingerprint"])
        return self.get_queryset().get(pk=named.pk)

    def get_serializer_context(self) -> dict[str, Any]:
        context = super().get_serializer_context()
        if getattr(self, "swagger_fake_view", False):
            return context
        return {**context, "records": encrypted_counts()}

    @extend_schema(request=NewKeySerializer, responses={201: EncryptionKeySerializer})
    def create(self, request: Request) -> Response:
        """Make a form's first key or replace it; a published form gets a new version with the key at once."""
        body = self.read_body(NewKeySerializer)
        key = services.rotate_key(
            form_id=body["form"], passphrase=body["passphrase"], at=now(), publisher=self.user
        )
        return self._answer(key, 201)

    @extend_schema(request=PrivateKeySerializer, responses=EncryptionKeySerializer)
    @action(detail=False, methods=["post"], filterset_class=None, pagination_class=None)
    def upload(self, request: Request) -> Response:
        """Store the private half of a key; without a passphrase, the records that wait for it are opened."""
        body = self.read_body(PrivateKeySerializer)
        key, _waiting = opening.take_private_key(
            pem=body["pem"].encode(),
            password=body["password"],
            passphrase=body["passphrase"],
            at=now(),
            user=self.user,
        )
        return self._answer(key, 200)

    @extend_schema(request=OpeningSerializer, responses=OpenedSerializer)
    @action(detail=True, methods=["post"], filterset_class=None)
    def open(self, request: Request, fingerprint: str) -> Response:
        """Open records that wait for the key, for a few seconds; repeat while `goes_on`."""
        outcome = opening.open_with_passphrase(
            key=keys.key_named(fingerprint),
            passphrase=self.read_body(OpeningSerializer)["passphrase"],
            at=now(),
            user=self.user,
            seconds=opening.SECONDS_AT_ONCE,
        )
        return Response(OpenedSerializer(outcome).data)

    def _answer(self, key: EncryptionKey, status: int) -> Response:
        row = self.get_queryset().get(pk=key.pk)
        return Response(self.get_serializer(row).data, status=status)
