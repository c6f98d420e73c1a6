"""Functions of upper rooms that lower rooms call, by dotted path.

Lower rooms never import upper ones (architecture.md, Direction of imports). Where an act in a
lower room has consequences in an upper one, the lower room calls the functions listed here.
"""

AT_PUBLICATION = "server.ledgers.intake.mapping.compile_mapping"
"""compile_mapping(workbook: forms.workbook.Workbook, form: forms.xform.XForm) -> dict: the ledger column of
each question. Raises forms.problems.FaultyWorkbook."""

AFTER_PUBLICATION = ["server.quarantine.services.queueing.queue_replay"]
"""Each step() -> None runs in the transaction that publishes a form version."""

AFTER_READING_AGAIN = ["server.submissions.services.queueing.queue_of_version"]
"""Each step(form_version: int, *, at: datetime) -> int runs in the transaction that gives a published form version
another mapping, and returns how many submissions are concerned."""

AFTER_SUBMISSION = [
    "server.submissions.opening.open_encrypted",
    "server.submissions.steps.place",
    "server.corrections.steps.read_corrections",
    "server.ledgers.steps.merge",
    "server.datasets.filling.fill_lists",
    "server.quarantine.steps.release",
]
"""Each step(submission_ids: Sequence[int]) -> None runs in the worker, in this order, in one
transaction a batch. Running a step again for the same submissions changes nothing."""

AFTER_RENUMBERING = [
    "server.accounts.roles.follow_code",
    "server.bulletin.services.follow_code",
    "server.ledgers.tasks.follow_code",
]
"""Each step(*, old: str, new: str, is_undone: bool) -> None runs in the transaction that gives a division another
code, or that takes it back: then `old` is the code taken back, and `new` the former one."""

ENTITY_LISTS = {
    "communities": "server.ledgers.entity_lists.lists.communities",
    "households": "server.ledgers.entity_lists.lists.households",
    "cases": "server.ledgers.entity_lists.lists.cases",
    "employers": "server.ledgers.entity_lists.lists.employers",
    "persons": "server.ledgers.entity_lists.lists.persons",
    "vacancies": "server.ledgers.entity_lists.lists.vacancies",
    "retirees": "server.ledgers.entity_lists.lists.retirees",
    "corrections": "server.corrections.phones.corrections",
    "correction_choices": "server.corrections.phones.correction_choices",
}
"""Entity list, by the file name of a form's media without .csv → the forms.entities.EntityList that
builds its rows for a worker."""

OWN_ENTITY_LIST = "server.datasets.phones.own_list"
"""own_list(name: str) -> forms.entities.EntityList | None: the list of the office's own with that name."""

DECLARED_LISTS = "server.datasets.declaring.declare_lists"
"""declare_lists(version: forms.models.FormVersion, actor: User | None) -> None: makes the lists and properties that
a form version declares, in the transaction that publishes it."""

AFTER_TRIAL = "server.trials.services.forget"
"""forget(draft: forms.models.FormDraft) -> None: lets go of the test records of a draft, in the transaction that
publishes, replaces or deletes it."""
