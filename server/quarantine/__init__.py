"""What phones sent and could not be taken as data: its limits, its repair, its replay, and what was decided about it.

It rests on the submissions room, which never asks for it: the doors hand uploads to
`services.receive_or_quarantine`, and the worker calls `steps.release` after a submission.
"""
