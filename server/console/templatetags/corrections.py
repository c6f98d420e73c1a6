"""How pages show where an answer stands that was sent back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django import template
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from server.corrections.selectors import State

register = template.Library()

BADGES: Final[Mapping[State, tuple[str, str | Promise]]] = {
    State.WAITING: ("warn", _("waits for the phone")),
    State.ON_PHONE: ("brand", _("on the phone")),
    State.ANSWERED: ("good", _("answered")),
    State.EDITED: ("good", _("changed by an edit")),
    State.COMMENT: ("warn", _("rejected; the reason follows")),
    State.WITHDRAWN: ("", _("withdrawn")),
}
"""State → the badge's tone and words."""


@register.simple_tag
def sent_back_badge(state: State) -> str:
    """The badge of an answer that was sent back."""
    return format_html('<span class="badge {}">{}</span>', *BADGES[state])


@register.simple_tag
def sent_back_in(states: Mapping[int, State] | str, number: int) -> str:
    """The badge of a record in a list, of what stands least far of it; nothing for a record of which nothing was sent back.

    `states` is "" on pages that do not show it.
    """
    state = states.get(number) if isinstance(states, Mapping) else None
    if state is None:
        return ""
    tone, words = BADGES[state]
    return format_html(' <span class="badge {}">{} · {}</span>', tone, _("sent back"), words)
