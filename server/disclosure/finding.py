"""Searching entries by a whole number: needs a role and a reason, is limited and recorded (security.md, Masks).

Without these a search would be a phone book read backwards, and would tell which of the
numbers that fit a mask is the right one.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from server.accounts.access import RESTRICTED, REVEALERS, Access, common_prefix
from server.audit.models import Act
from server.audit.services import record
from server.disclosure import budgets
from server.disclosure.revealing import check_reason
from server.ledgers.definitions.columns import Sensitivity, columns_of
from server.ledgers.problems import NotYours
from server.ledgers.reading.lookup import holding

MATCHES = 100
"""The most entries that a search answers with."""


def find(access: Access, rows: QuerySet[Any], column: str, value: str, reason: str) -> list[Any]:
    """Those of the rows whose sealed column holds the value, within the areas where the user may reveal it.

    Raises NotYours, ActReasonMissing, ReasonSaysNothing, NotSearchable, SearchesSpent. Holds
    a lock of the user until the end of its own transaction, so it must not be called in
    another.
    """
    declared = columns_of(rows.model).get(column)
    is_restricted = declared is not None and declared.sensitivity is Sensitivity.RESTRICTED
    areas = access.areas(REVEALERS)
    if not areas or (is_restricted and not access.areas(RESTRICTED)):
        raise NotYours
    check_reason(reason)
    area = common_prefix(areas)
    visible = rows.filter(access.within(roles=REVEALERS))
    if is_restricted:
        visible = visible.filter(access.within(roles=RESTRICTED))
    matching = holding(visible, column, value)
    with transaction.atomic():
        budgets.one_at_a_time(access)
        spent = budgets.searches_spent(access, area)
        if spent is None:
            matches = list(matching[:MATCHES])
            record(
                Act.FIND,
                actor=access,
                object_type=rows.model._meta.model_name or "",
                area=area,
                reason=reason,
                facts={
                    "column": "" if is_restricted else column,
                    "matches": len(matches),
                },
            )
            return matches
    budgets.refuse(access, area, spent)
