"""The worker process's jobs of this room."""

from __future__ import annotations

from procrastinate.contrib.django import app

from server.console import thumbnails


@app.task(name=thumbnails.DRAW, queue=thumbnails.QUEUE)
def draw_preview(sha256: str) -> None:
    """Draw the small picture of a photo; the photo is named by the hash of its content, in hex."""
    thumbnails.draw(bytes.fromhex(sha256))
