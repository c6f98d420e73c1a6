"""The one catalogue of what can go wrong on the caller's side.

Each room subclasses `Problem` in its own `problems.py`; each door renders it in its
own way (OpenRosa message, RFC 9457 JSON, console page). Rooms never build a response,
doors never catch a `Problem` themselves: their one renderer does.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, ClassVar

from django.utils.functional import Promise


class Problem(Exception):
    """Something the caller can put right.

    A subclass names itself once (`type`, a slug that never changes), its HTTP `status`
    (4xx, or 501 for what a protocol knows and this server does not offer), a translatable
    `title`, and a translatable `template` for the detail, filled from keyword data. The detail says what is wrong, where, and what to do; it never
    holds an ID number, a phone number or a token.
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
        """The sentence for the person, in the active language."""
        return str(self.template).format(**self.data)

    @property
    def retry_after(self) -> int | None:
        """Seconds to wait before the same request may succeed; None when it never will by itself."""
        return None

    def __str__(self) -> str:
        return self.detail


@cache
def named(type_: str) -> type[Problem] | None:
    """The concrete problem of that type, when the programme has one."""
    return next((kind for kind in catalogue() if kind.type == type_), None)


def catalogue() -> Iterator[type[Problem]]:
    """Every concrete problem of the programme, in no particular order."""
    pending = list(Problem.__subclasses__())
    while pending:
        kind = pending.pop()
        pending.extend(kind.__subclasses__())
        if "type" in vars(kind):
            yield kind
