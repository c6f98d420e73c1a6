"""What the template of tables asks of their declaration."""

from __future__ import annotations

from typing import Any

from django import template

from server.console.tables import Table

register = template.Library()


@register.simple_tag
def row_address(table: Table, row: Any) -> str:
    """The page of a row."""
    return table.address(row)
