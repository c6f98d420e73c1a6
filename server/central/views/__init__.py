"""The handlers of /v1. Each makes one call into a room and formats the result as Central does."""
