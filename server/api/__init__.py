"""The REST door, /api/v1/: parses and renders JSON and GeoJSON. No rules."""
