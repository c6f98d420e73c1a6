"""Running the server: management commands, set-up and supervision, health check, request log, the demo."""
