"""Ruhu 入户: the server behind door-to-door casework with ODK Collect."""
