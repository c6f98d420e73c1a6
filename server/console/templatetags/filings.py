"""How the state of a report that is sent in looks."""

from __future__ import annotations

from django import template

from server.reports.course import State
from server.reports.models import Filing

register = template.Library()
_TONES = {
    State.SUBMITTED: "warn",
    State.RETURNED: "bad",
    State.ACCEPTED: "good",
    State.LOCKED: "good",
}


@register.simple_tag
def filing_tone(filing: Filing) -> str:
    """The tone of its badge."""
    return _TONES.get(State(filing.state), "")
