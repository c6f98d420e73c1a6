"""The rule table: values in force with their history, previewing a change, making and withdrawing it."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSetMixin

from server.api.shapes.rules import (
    NewRuleSerializer,
    ProposedRuleSerializer,
    RulePreviewSerializer,
    RuleReasonSerializer,
    RulesAskedSerializer,
    RuleValueSerializer,
    StandingRuleSerializer,
    plain_preview,
)
from server.api.views.base import Door
from server.core import clock
from server.geo.codes import code_prefix
from server.ledgers import selectors, services
from server.ledgers.models import RuleValue

_MOST: Final = 200
"""Entries of each ledger that a preview folds."""


class RulesView(ViewSetMixin, Door):
    """The dated rules by which ledgers, limits and due dates are judged."""

    model = RuleValue
    holds_persons: ClassVar[bool] = False
    lookup_url_kwarg = "id"
    lookup_value_converter = "int"
    pagination_class = None
    filter_backends = ()
    parser_classes = (JSONParser,)
    serializer_class = RuleValueSerializer

    def rows(self) -> Any:
        return selectors.decided_rules(self.access)

    @extend_schema(parameters=[RulesAskedSerializer], responses=StandingRuleSerializer(many=True))
    def list(self, request: Request) -> Response:
        """Every rule with the value in force in an area on a day, and what was decided about it for the area, around it and inside it."""
        asked = RulesAskedSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        rules = selectors.standing_list(
            self.access, code_prefix(given["area"]), given.get("on") or clock.today()
        )
        return Response(StandingRuleSerializer(rules, many=True).data)

    @extend_schema(request=ProposedRuleSerializer, responses=RulePreviewSerializer)
    @action(detail=False, methods=["post"])
    def preview(self, request: Request) -> Response:
        """What a value would change in the ledgers of its area: entries are folded with and without it, and nothing is written."""
        rule = selectors.proposed_rule(self.access, **self.read_body(ProposedRuleSerializer))
        foreseen = selectors.preview_change(self.access, rule, today=clock.today(), most=_MOST)
        return Response(RulePreviewSerializer(plain_preview(foreseen)).data)

    @extend_schema(request=NewRuleSerializer, responses={201: RuleValueSerializer})
    def create(self, request: Request) -> Response:
        """Decide a value from a day on; the entries that rest on the rule are folded again by the worker."""
        given = self.read_body(NewRuleSerializer)
        reason = given.pop("reason")
        rule = selectors.proposed_rule(self.access, **given)
        value = services.change_rule(rule, reason=reason, access=self.access, at=clock.now())
        return Response(RuleValueSerializer(value).data, status=201)

    @extend_schema(request=RuleReasonSerializer, responses=RuleValueSerializer)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, id: int) -> Response:
        """Take a decided value back: what stood without it holds again for all its days."""
        reason = self.read_body(RuleReasonSerializer)["reason"]
        value = services.withdraw_rule(id, reason=reason, access=self.access, at=clock.now())
        return Response(RuleValueSerializer(value).data)
