"""How often somebody is visited, by why (rules.md, Visits due): each plan names its row of the rule table. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class VisitPlan(StrEnum):
    """Why a visit is due."""

    NEW_CASE = "new_case"  # the first visit of a candidate
    CASE = "case"
    FOLLOW_UP = "follow_up"  # after a placement, in months that the case counts itself
    REGISTERED = "registered"  # registered as unemployed, without a case
    RETIRED_SPECIAL = "retired_special"  # of a special class (list SPR)
    RETIRED = "retired"
    EMPLOYER = "employer"  # a main employer (挂钩)


RULE_OF: Final = {
    VisitPlan.NEW_CASE: "visit_due.candidate",
    VisitPlan.CASE: "visit_due.certified",
    VisitPlan.REGISTERED: "visit_due.registered",
    VisitPlan.RETIRED_SPECIAL: "visit_due.retired_special",
    VisitPlan.RETIRED: "visit_due.retired",
    VisitPlan.EMPLOYER: "visit_due.employer",
}
"""Plan → the key of the rule table that holds its days between visits."""

LEDGER_OF: Final = {
    VisitPlan.NEW_CASE: "case",
    VisitPlan.CASE: "case",
    VisitPlan.FOLLOW_UP: "case",
    VisitPlan.REGISTERED: "person",
    VisitPlan.RETIRED_SPECIAL: "retiree",
    VisitPlan.RETIRED: "retiree",
    VisitPlan.EMPLOYER: "employer",
}
"""Plan → the ledger whose entries ask for the visit."""
