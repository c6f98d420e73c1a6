"""Encryption keys: made and changed, private halves taken in, what waits for them opened."""

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
from server.submissions.selectors import encrypted_counts


class EncryptionKeys(ViewSetMixin, ListModelMixin, RetrieveModelMixin, Door):
    """Keys that forms carry for phones to encrypt with; for those who publish forms.

    A key is named by its fingerprint, or by as many of its first letters as no other
    shares, at least six. Private halves and passphrases are never answered.
    """

    model = EncryptionKey
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
        """Make a form's key or change it; a published form gets its next version with it at once."""
        asked = self.read_body(NewKeySerializer)
        key = services.rotate_key(
            form_id=asked["form"], passphrase=asked["passphrase"], at=now(), publisher=self.user
        )
        return self._told(key, 201)

    @extend_schema(request=PrivateKeySerializer, responses=EncryptionKeySerializer)
    @action(detail=False, methods=["post"], filterset_class=None, pagination_class=None)
    def upload(self, request: Request) -> Response:
        """Keep the private half of a key that forms carry; without a passphrase, open what waits for it."""
        asked = self.read_body(PrivateKeySerializer)
        key, _waiting = opening.take_private_key(
            pem=asked["pem"].encode(),
            password=asked["password"],
            passphrase=asked["passphrase"],
            at=now(),
            user=self.user,
        )
        return self._told(key, 200)

    @extend_schema(request=OpeningSerializer, responses=OpenedSerializer)
    @action(detail=True, methods=["post"], filterset_class=None)
    def open(self, request: Request, fingerprint: str) -> Response:
        """Open some of the records that wait for the key: a few seconds' work, then ask again."""
        told = opening.open_with_passphrase(
            key=keys.key_named(fingerprint),
            passphrase=self.read_body(OpeningSerializer)["passphrase"],
            at=now(),
            user=self.user,
            seconds=opening.SECONDS_AT_ONCE,
        )
        return Response(OpenedSerializer(told).data)

    def _told(self, key: EncryptionKey, status: int) -> Response:
        found = self.get_queryset().get(pk=key.pk)
        return Response(self.get_serializer(found).data, status=status)
