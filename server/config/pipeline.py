"""What follows what, named once by dotted path.

Lower rooms never import upper ones (architecture.md, Direction of imports); where a lower room's act has
consequences above it, it calls what is listed here.
"""

AT_PUBLICATION = "server.ledgers.intake.mapping.compile_mapping"
"""compile_mapping(workbook: forms.workbook.Workbook, form: forms.xform.XForm) -> dict: where each answer goes;
raises forms.problems.FaultyWorkbook."""

AFTER_PUBLICATION = ["server.quarantine.services.queueing.queue_replay"]
"""Each step() -> None runs in the transaction that publishes a form version."""

AFTER_SUBMISSION = [
    "server.submissions.opening.open_encrypted",
    "server.submissions.steps.place",
    "server.ledgers.steps.merge",
    "server.quarantine.steps.release",
]
"""Each step(submission_ids: Sequence[int]) -> None runs in the worker, in this order, in one
transaction a batch, and does the same again without harm."""

ENTITY_LISTS = {
    "communities": "server.ledgers.entity_lists.lists.communities",
    "households": "server.ledgers.entity_lists.lists.households",
    "cases": "server.ledgers.entity_lists.lists.cases",
    "employers": "server.ledgers.entity_lists.lists.employers",
}
"""File name less .csv of a form's media → the forms.entities.EntityList that builds it per worker."""
