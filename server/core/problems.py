"""`Problem`, the base class of every error that the caller of the server can put right.

Each room subclasses it in its own `problems.py`; each door renders it in its own format
(OpenRosa message, RFC 9457 JSON, Central's JSON, console page). Rooms never build a
response, and in a door only the renderer catches a `Problem`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Problem(Exception):
    """An error that the caller can put right.

    A subclass has a `type` (a slug that never changes), an HTTP `status` (4xx, or 501 for a
    part of a protocol that this server does not offer), a translatable `title`, and a
    translatable `template` for the detail, which is filled from the keyword arguments. The
    detail says what is wrong, where, and what to do; it never holds an ID number, a phone
    number or a token.
    """

    type: ClassVar[str] = "problem"
    status: ClassVar[int] = 400
    title: ClassVar[str | Promise] = ""
    template: ClassVar[str | Promise] = ""

    def __init__(self, **data: Any) -> None:
        self.data = data
        super().__init__(self.type)

    @property
    def detail(self) -> str:
        """The filled template, in the active language."""
        return str(self.template).format(**self.data)

    @property
    def retry_after(self) -> int | None:
        """Seconds after which the same request may succeed; None when repeating it is useless."""
        return None

    def __str__(self) -> str:
        return self.detail


class ReasonMissing(Problem):
    """The act needs a reason, and the request gives none."""

    type, status = "reason-missing", 400
    title = _("The reason is missing")
    template = _("Give a reason; it is recorded with your name.")


@cache
def named(type_: str) -> type[Problem] | None:
    """The problem class with that `type`, or None."""
    return next((kind for kind in catalogue() if kind.type == type_), None)


def catalogue() -> Iterator[type[Problem]]:
    """Every imported problem class that has a `type` of its own, in no particular order."""
    pending = list(Problem.__subclasses__())
    while pending:
        kind = pending.pop()
        pending.extend(kind.__subclasses__())
        if "type" in vars(kind):
            yield kind
