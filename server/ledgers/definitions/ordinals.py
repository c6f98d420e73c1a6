"""How contributions and the exceptions of entity claims are numbered: submission version × 65,536 + ordinal. Pure.

Of the ordinals of a version, those below `LINKED` are records of its document,
those from `LINKED` stand for entries that the document only links to, and those
from `CLAIMS` are exceptions of its entity blocks. A desk act's contribution has
minus the act's own id.
"""

from __future__ import annotations

from typing import Final

PER_VERSION: Final = 65_536
MAX_RECORDS: Final = 50_000
LINKED: Final = 60_000
CLAIMS: Final = 62_000
MAX_CLAIMS: Final = 3_000
"""Entity blocks past this many of one version share the last number."""


def contribution_id(version_id: int, ordinal: int) -> int:
    """The id of a version's contribution."""
    return version_id * PER_VERSION + ordinal


def version_of(contribution: int) -> int:
    """The id of the submission version that a contribution of a record comes from."""
    return contribution // PER_VERSION
