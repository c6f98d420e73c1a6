"""One XML document that a form was filled in as. Pure."""

from __future__ import annotations

from functools import cached_property

from lxml import etree

from server.core.xml import parse
from server.submissions import envelope as envelopes
from server.submissions.envelope import Envelope


class Instance:
    """One XML document: its bytes, its tree and its envelope; each is read when first asked for, and once.

    The tree is shared by all who read it: nobody changes it.
    """

    def __init__(self, document: bytes) -> None:
        self.document = document

    @cached_property
    def root(self) -> etree._Element:
        """The parsed document. Raises BadXml."""
        return parse(self.document)

    @cached_property
    def envelope(self) -> Envelope:
        """Raises as `envelope.read`, and BadXml."""
        return envelopes.read(self.root)

    @property
    def is_encrypted(self) -> bool:
        """Whether this is an encryption manifest instead of answers. Parses nothing that does not name encryption."""
        return b"encrypted" in self.document and self.envelope.encrypted
