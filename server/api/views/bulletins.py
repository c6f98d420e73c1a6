"""The public bulletins of vacancies: which there are, and opening, changing and closing them."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSetMixin

from server.api.shapes.bulletins import BulletinSerializer, KeptBulletinSerializer
from server.api.views.base import Door
from server.bulletin.models import Bulletin
from server.bulletin.selectors import bulletins
from server.bulletin.services import keep_bulletin


class Bulletins(ViewSetMixin, Door):
    """The public bulletins of the caller's areas."""

    model = Bulletin
    holds_persons: ClassVar[bool] = False
    lookup_field = "area_code"
    lookup_value_converter = "str"
    pagination_class = None
    filter_backends = ()
    parser_classes = (JSONParser,)
    serializer_class = BulletinSerializer

    def rows(self) -> QuerySet[Any]:
        return bulletins(self.access)

    @extend_schema(responses=BulletinSerializer(many=True))
    def list(self, request: Request) -> Response:
        """The bulletins of the caller's areas, open and closed; a division has one at most."""
        return Response(self.get_serializer(self.get_queryset(), many=True).data)

    @extend_schema(request=KeptBulletinSerializer, responses=BulletinSerializer)
    def update(self, request: Request, area_code: str) -> Response:
        """Open, change or close the bulletin of a division, by its 12-digit code; everybody can read an open one at `/jobs/CODE`."""
        given = self.read_body(KeptBulletinSerializer)
        bulletin = keep_bulletin(area=area_code, user=self.user, access=self.access, **given)
        return Response(self.get_serializer(bulletin).data)
