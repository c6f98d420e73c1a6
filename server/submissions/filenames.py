"""Names of received files, made flat and safe. Pure."""

from __future__ import annotations

import hashlib
import unicodedata
from typing import Final

MAX_LENGTH: Final = 200


def flat(name: str) -> str:
    """A base name that cannot leave its place, by which the answers still find the file.

    Folders of either kind are cut off and control characters dropped. What nothing is
    left of is named by the hash of what it was; so is the tail of a name that is too long.
    """
    base = name.replace("\\", "/").rpartition("/")[2]
    base = "".join(letter for letter in base if letter >= " " and letter != "\x7f").strip()
    digest = hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:12]
    if base.strip(". ") == "":
        return f"unnamed-{digest}"
    if len(base) > MAX_LENGTH:
        stem, dot, extension = base.rpartition(".")
        suffix = f"-{digest}{dot}{extension}" if stem and len(extension) <= 10 else f"-{digest}"
        base = base[: MAX_LENGTH - len(suffix)] + suffix
    return base


def compared(name: str) -> str:
    """What of a name decides whether it is another file's: the flat name with its letters composed.

    Macs write é as two characters and others as one; the names that were received stay as they are.
    """
    return unicodedata.normalize("NFC", flat(name))
