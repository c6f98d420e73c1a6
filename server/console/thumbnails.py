"""Small pictures of the photos that came with submissions."""

from __future__ import annotations

import io
import warnings
from pathlib import Path

from django.conf import settings
from PIL import Image, ImageOps, UnidentifiedImageError

from server.console.problems import NoSuchPhoto
from server.core import blobs
from server.submissions.models import Attachment

PHOTO_NAMES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp")
EDGE = 480  # pixels of the longer side
MOST_PIXELS = 60_000_000
"""Photos that claim more pixels are not opened: a file of a few kilobytes can claim gigabytes of them."""
MOST_BYTES = 40 * 1024 * 1024


def is_photo(attachment: Attachment) -> bool:
    """Whether a preview is worth trying, by the file's name."""
    return attachment.name.lower().endswith(PHOTO_NAMES)


def thumbnail(attachment: Attachment) -> bytes:
    """A JPEG of the photo, upright, without EXIF data; made once per content and kept.

    Raises NoSuchPhoto when the file is missing, too large, or not a picture.
    """
    path = _thumbnail_path(attachment)
    if path.exists():
        return path.read_bytes()
    picture = _drawn(attachment)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{id(picture):x}")
    partial.write_bytes(picture)
    partial.replace(path)
    return picture


def _thumbnail_path(attachment: Attachment) -> Path:
    name = bytes(attachment.sha256).hex()
    return Path(settings.BLOB_ROOT) / "thumbnails" / name[:2] / f"{name}-{EDGE}.jpg"


def _drawn(attachment: Attachment) -> bytes:
    source = blobs.path_of(attachment.sha256)
    try:
        if source.stat().st_size > MOST_BYTES:
            raise NoSuchPhoto(name=attachment.name)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # checked by hand below
            image = Image.open(source)
        with image:
            if image.width * image.height > MOST_PIXELS:
                raise NoSuchPhoto(name=attachment.name)
            image.draft("RGB", (EDGE * 2, EDGE * 2))
            upright = ImageOps.exif_transpose(image)
            upright.thumbnail((EDGE, EDGE))
            if upright.mode not in ("RGB", "L"):
                paper = Image.new("RGB", upright.size, "white")
                with_alpha = upright.convert("RGBA")
                paper.paste(with_alpha, mask=with_alpha.getchannel("A"))
                upright = paper
            out = io.BytesIO()
            upright.save(out, "JPEG", quality=80, optimize=True)
            return out.getvalue()
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError, ValueError, SyntaxError):
        raise NoSuchPhoto(name=attachment.name) from None
