"""Refused uploads, kept whole: their limits, repair, replay, and resolution.

This room imports the submissions room and never the reverse: the doors call
`services.receive_or_quarantine`, and the worker's pipeline calls `steps.release`.
"""
