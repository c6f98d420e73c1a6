"""Small pictures of the photos that came with submissions: drawn by the worker, shown by the console.

A picture from outside is opened in the worker process only, in few formats and with few
pixels, one after the other: unpacked it takes a thousand times the room of its file.
"""

from __future__ import annotations

import io
import warnings
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final

from django.conf import settings
from django.db import transaction
from PIL import Image, ImageOps, UnidentifiedImageError
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from server.console.problems import NoSuchPhoto
from server.core import blobs
from server.core.sealing import InvalidTag, UnknownKey, seal, unseal
from server.submissions.models import Attachment

PHOTO_NAMES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp")
FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
EDGE = 480  # pixels of the longer side
MOST_PIXELS = 25_000_000
"""Photos that claim more pixels are not opened: a file of a few kilobytes can claim gigabytes of them."""
MOST_PIXELS_OF_A_CAMERA = 110_000_000
"""Ordinary JPEGs may have more: they are unpacked row by row, at an eighth of their size."""
MOST_BYTES = 40 * 1024 * 1024
PURPOSE: Final = "preview"
DRAW: Final = "draw_preview"
QUEUE: Final = "previews"


def is_photo(attachment: Attachment) -> bool:
    """Whether a preview is worth trying, by the file's name."""
    return attachment.name.lower().endswith(PHOTO_NAMES)


def is_drawn(attachment: Attachment) -> bool:
    """Whether the worker has drawn the preview, or found that there is none."""
    return _thumbnail_path(bytes(attachment.sha256)).exists()


def thumbnail(attachment: Attachment) -> bytes | None:
    """A JPEG of the photo, upright, without EXIF data; None until the worker has drawn it, which is queued.

    Raises NoSuchPhoto when the file is missing, too large, or not a picture.
    """
    sha256 = bytes(attachment.sha256)
    try:
        picture = unseal(_thumbnail_path(sha256).read_bytes(), PURPOSE)
    except FileNotFoundError:
        _queue(attachment)
        return None
    except (InvalidTag, UnknownKey):  # of before, or of a key that was dropped
        _thumbnail_path(sha256).unlink(missing_ok=True)
        _queue(attachment)
        return None
    if not picture:
        raise NoSuchPhoto(name=attachment.name)
    return picture


def draw(sha256: bytes) -> None:
    """Draw the preview of a blob and keep it; an empty file says that there is none.

    A blob that was erased since the drawing was queued needs no preview.
    """
    path = _thumbnail_path(sha256)
    if path.exists() or not blobs.exists(sha256):
        return
    with blobs.open_blob(sha256) as source:
        picture = _drawn(source)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{id(picture):x}")
    partial.write_bytes(seal(picture, PURPOSE))
    partial.replace(path)


def _queue(attachment: Attachment) -> None:
    """Queue the drawing behind all other work, unless it is queued. Raises NoSuchPhoto."""
    sha256 = bytes(attachment.sha256)
    if not blobs.exists(sha256) or blobs.size_of(sha256) > MOST_BYTES:
        raise NoSuchPhoto(name=attachment.name)
    digest = bytes(attachment.sha256).hex()
    task = app.configure_task(
        DRAW, queue=QUEUE, queueing_lock=f"{DRAW} {digest}", priority=-1, allow_unknown=True
    )
    with suppress(AlreadyEnqueued), transaction.atomic():
        task.defer(sha256=digest)


def _thumbnail_path(sha256: bytes) -> Path:
    name = sha256.hex()
    return Path(settings.BLOB_ROOT) / "thumbnails" / name[:2] / f"{name}-{EDGE}.jpg"


def _drawn(source: BinaryIO) -> bytes:
    """The JPEG; b"" when the file is no picture, or one that claims too many pixels."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # checked by hand below
            image = Image.open(source, formats=FORMATS)
        with image:
            if image.width * image.height > _most_pixels(image):
                return b""
            image.draft("RGB", (EDGE * 2, EDGE * 2))
            if image.width * image.height > MOST_PIXELS:
                return b""
            image.thumbnail((EDGE, EDGE))
            upright = ImageOps.exif_transpose(image)
            if upright.mode not in ("RGB", "L"):
                paper = Image.new("RGB", upright.size, "white")
                with_alpha = upright.convert("RGBA")
                paper.paste(with_alpha, mask=with_alpha.getchannel("A"))
                upright = paper
            out = io.BytesIO()
            upright.save(out, "JPEG", quality=80, optimize=True)
            return out.getvalue()
    except FileNotFoundError:
        raise
    except (
        OSError, UnidentifiedImageError, Image.DecompressionBombError, ValueError, SyntaxError,
        MemoryError,
    ):  # fmt: skip
        return b""


def _most_pixels(image: Image.Image) -> int:
    is_row_by_row = image.format in ("JPEG", "MPO") and "progressive" not in image.info
    return MOST_PIXELS_OF_A_CAMERA if is_row_by_row else MOST_PIXELS
