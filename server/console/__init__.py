"""The staff door: server-rendered pages with htmx and a map. No rules."""
