"""What callers may send, how long they may take, and how many of them may wait at once."""

from __future__ import annotations

from dataclasses import dataclass

KB = 1024
MB = 1_000_000


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one web process. Sizes are in bytes, times in seconds."""

    # --- the head of a request ---
    line: int = 64 * KB
    head: int = 128 * KB
    """Request line and header fields together."""
    integrity_line: int = 256 * KB
    """Collect names all its offline entities in one address, 40 bytes each; nginx allows as much."""
    integrity_head: int = 600 * KB
    """Digest repeats the address in a header field."""
    head_seconds: float = 30.0
    """From the first byte of a head to its last one; each thousand bytes add a second."""

    # --- the body ---
    in_memory: int = 256 * KB
    """A larger body waits in a temporary file. A phone's photo stays below."""
    body: int = 500 * MB
    """Of a larger body nothing is kept: it is read to its end, and the application refuses it."""
    stranger_body: int = 1 * MB
    """The same for a request that carries neither token, cookie nor Authorization."""
    on_disk: int = 2000 * MB
    """What the bodies of one process take in temporary files, together. Who needs more is asked to come again."""
    chunks: int = 20_000
    """A chunked body may have so many chunks, and one more for every `chunk_bytes` bytes."""
    chunk_bytes: int = 256

    # --- the speed ---
    patience: float = 60.0
    """How long a body or a reader may stand still: as long as Collect waits for a server."""
    slowest: float = 200.0
    """Bytes a second on the whole, which any network manages."""

    # --- the number ---
    heads: int = 150
    """Connections with an unfinished head. The longest silent makes room for another one."""
    stalled: int = 64
    """Bodies that have stood still for `stalled_after` seconds. The longest silent makes room."""
    stalled_after: float = 5.0
    bodies: int = 300
    """Bodies that are arriving, stalled ones included."""
    readers: int = 200
    """Answers that wait for their caller to read."""
    kept_answer: int = 256 * KB
    """How much of an answer waits in memory; a thread waits with the rest, one in two threads at most."""
    closing: int = 150
    """Connections that were answered and whose callers have not closed them yet."""
    closing_seconds: float = 2.0
