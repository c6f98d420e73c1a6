"""Records in which a mask would hide nothing: programs get them as they were received (decision 0256).

A form that feeds no ledger asks for trees or street lamps as a rule. An export permit is
needed for its records only where somebody typed a personal number into one.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Iterable, Mapping
from typing import Any, Final

from server.core import blobs
from server.core.personal_numbers import find
from server.forms import selectors as forms
from server.forms.models import Form
from server.ledgers.reading.answers import masks_nothing
from server.ledgers.reading.redaction import protection_of
from server.submissions.models import Attachment, Submission
from server.submissions.selectors import answers_of

_LONGEST_TEXT: Final = 4 << 20
"""Bytes of a text file that are searched for numbers; a longer one needs a permit."""
_SHOWN_KINDS: Final = ("image/", "audio/", "video/")


def feeds_no_ledger(mappings: Iterable[Mapping[str, Any]]) -> bool:
    """Whether a form with these mappings, of all its versions, asks for nothing that is kept about anybody."""
    return not any(mapping.get("records") or mapping.get("restricted") for mapping in mappings)


def form_feeds_no_ledger(form: Form) -> bool:
    """The same of a form. One query."""
    return feeds_no_ledger(mapping for _version, mapping in forms.mappings(form).values())


def is_unmasked(submission: Submission, file: Attachment | None = None) -> bool:
    """Whether a mask would hide nothing in the current version's document, or in a file of it.

    Never of an encrypted version, nor of a file of a form that feeds a ledger: a photo may
    show an identity card. Restricted answers are another matter: `document_for` leaves them out.
    """
    version = submission.current_version
    instance = None if version is None else answers_of(version)
    if version is None or instance is None:
        return False
    if not masks_nothing(instance.document, protection_of(version.form_version)):
        return False
    return file is None or (form_feeds_no_ledger(submission.form) and names_nobody(file))


def names_nobody(file: Attachment) -> bool:
    """Whether a file is a picture, sound or film, or a text without personal numbers; its name has none either.

    Other kinds (documents, archives) cannot be searched. Reads the blob; false where it is not here.
    """
    kind = mimetypes.guess_type(file.name)[0] or ""
    if any(find(file.name)) or not blobs.exists(file.sha256):
        return False
    with blobs.open_blob(file.sha256) as content:
        data = content.read(_LONGEST_TEXT + 1)
    try:
        text = data.decode()
    except UnicodeDecodeError:
        if kind.startswith(_SHOWN_KINDS):
            return True
        if not kind.startswith("text/") or b"\0" in data:
            return False
        text = data.decode("latin-1")  # digits are the same in all that text files are written in
    return len(data) <= _LONGEST_TEXT and not any(find(text))
