"""Divisions with their boundaries and validity, point-in-boundary, map tiles' geometry. Knows nothing of people."""
