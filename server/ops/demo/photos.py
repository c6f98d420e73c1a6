"""Small JPEGs that stand for photos: a drawn door with a number plate. Pure."""

from __future__ import annotations

import io
from random import Random
from typing import Final

from PIL import Image, ImageDraw, ImageFilter

_SIZE: Final = (480, 640)
VARIETY: Final = 8  # different pictures; content-addressed storage keeps each once


def picture(name: str) -> bytes:
    """The picture that a file of this name holds: a signature, or a door by the number in the name."""
    stem = name.removesuffix(".jpg")
    return signature() if stem.startswith("sign") else door(int(stem))


def signature() -> bytes:
    """A drawn signature."""
    image = Image.new("RGB", (320, 120), "white")
    points = ((30, 80), (60, 30), (90, 95), (130, 40), (170, 90), (220, 50), (290, 70))
    ImageDraw.Draw(image).line(points, fill=(20, 20, 60), width=4)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=70)
    return out.getvalue()


def door(number: int) -> bytes:
    """The picture of that number modulo VARIETY; the same bytes each time."""
    rng = Random(f"door {number % VARIETY}")  # noqa: S311 a demo must repeat itself
    wall = tuple(rng.randrange(150, 220) for _ in range(3))
    leaf = tuple(rng.randrange(40, 140) for _ in range(3))
    image = Image.new("RGB", _SIZE, wall)
    draw = ImageDraw.Draw(image)
    for _brick in range(60):
        x, y = rng.randrange(_SIZE[0]), rng.randrange(_SIZE[1])
        shade = tuple(max(0, min(255, part + rng.randrange(-14, 14))) for part in wall)
        draw.rectangle((x, y, x + 46, y + 18), fill=shade)
    draw.rectangle((110, 120, 370, 640), fill=leaf, outline=(30, 30, 30), width=6)
    draw.ellipse((330, 390, 350, 410), fill=(220, 200, 120))
    draw.rectangle((190, 60, 290, 104), fill=(25, 60, 140), outline=(240, 240, 240), width=3)
    draw.text((214, 74), f"{rng.randrange(1, 180)}", fill=(255, 255, 255), font_size=24)
    out = io.BytesIO()
    image.filter(ImageFilter.GaussianBlur(1)).save(out, "JPEG", quality=70)
    return out.getvalue()
