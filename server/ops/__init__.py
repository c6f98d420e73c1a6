"""Management commands, set-up and supervision, health, request log."""
