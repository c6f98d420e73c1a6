"""The addresses under /api/v1/: each view makes one call into a room."""
