"""The resources of /v1. Each: who asks, one call into a room, Central's JSON."""
