"""The revisions of the entity lists: counters by which phones know that a list has changed."""

from __future__ import annotations

from server.ledgers.storage.database import execute


def raise_every_revision() -> None:
    """Let every phone fetch its lists again. Reaches the running table, also during a rebuild."""
    execute("update public.ledgers_entitylistmark set mark = mark + 1")
