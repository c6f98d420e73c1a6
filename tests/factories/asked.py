"""What to ask every address of a door for, about one of two streets: a path for each kind of thing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from server.ledgers.definitions.ledgers import DEFINITIONS
from tests.factories.addresses import Address, every_address
from tests.factories.side import FORM, Side

PREFIXES: Final = ("/api", "/v1", "/odk", "/key", "/healthz")
PATHS: Final = {definition.path: ledger for ledger, definition in DEFINITIONS.items()}
"""Words of addresses → the ledger that they list."""
UNASKED: Final = re.compile(
    "/v1/sessions|/login|/account|/logout|/language|%\\(fingerprint\\)s|/api/v1/schema/|/healthz|/encryption-keys/"
)
"""Addresses that know of no area: log-in, log-out, one's own account, language, keys, the document of REST itself."""


_REPORTS: Final = tuple(
    f"?report={code}&area=%(area)s&period=2026" for code in ("R1", "R2", "R7", "R9")
)
"""A report about persons, and those with restricted numbers."""


QUERIES: Final[dict[str, tuple[str, ...]]] = {
    "/xml/": ("?reason=look",),
    "/export/": ("?reason=look",),
    "/view/submissionList": (f"?formId={FORM}",),
    "/view/downloadSubmission": (f"?formId={FORM}[@version=null]/data[@key=%(instance)s]",),
    "/map/search": ("?q=%(tag)s",),
    "/map": ("", "?area=%(area)s&due=overdue"),
    "/map/in-view": ("", "?area=%(area)s&assisted_categories=B02"),
    "/review": (
        "",
        f"?form={FORM}&column=/data/remark&column=/data/hardship&column=/data/concern/mood",
    ),
    "/tiles/assisted/%(z)s/%(x)s/%(y)s": ("", "?categories=B02", "?area=%(area)s&due=overdue"),
    **{
        f"/api/v1/{path}/": ("", "?format=csv")
        for path in ("persons", "households", "cases", "visits")
    },
    "/exceptions": ("", "?open=false"),
    "/quarantine": ("", "?is_settled=true"),
    ".svc/%(path)s": ("", "?$expand=*&$count=true"),
    "/submissions.csv.zip": ("",),
    "/entities/integrity": ("?id=%(household)s",),
    "/reports/filings/": ("?area=%(area)s&period=2026Q3",),
    "/reports/filings": ("?area=%(area)s&period=2026Q3",),
    "/reports/%(code)s/": ("?area=%(area)s&period=2026",),
    "/reports/%(code)s/entries/": ("?area=%(area)s&period=2026&row=total&column=people",),
    "/visits/due/%(user_id)s/day-sheet": ("?due_to=2036-01-01",),
    "/visits/due/day-sheet": ("?due_to=2036-01-01&area=%(area)s",),
    "/rules/change": ("?key=visit_attempts",),
    "/rules/": ("", "?area=%(area)s"),
    "/reports": _REPORTS,
    "/reports/sheet": _REPORTS,
    "/reports/paper": ("?report=R2&area=%(area)s&period=2026",),
    "/reports/entries": (
        "?report=R2&area=%(area)s&period=2026&row=total&column=people",
        "?report=R7&area=%(area)s&period=2026&row=total&column=party",
        "?report=R9&area=%(area)s&period=2026&row=total&column=people",
    ),
}
"""Endings of addresses → the queries to ask with; "" alone for others."""


def samples_of(side: Side) -> dict[str, str]:
    """A sample of each parameter of addresses."""
    own = {ledger: str(rows["own"].pk) for ledger, rows in side.entries.items()}
    image = side.files["image"]
    ledgers = {
        f"/{path}/%({name})s": own[ledger]
        for path, ledger in PATHS.items()
        for name in ("id", "entry")
    }
    return {
        "/key/%(token)s": side.token,
        "/v1/test/%(token)s": "no-such-draft",
        "/draft/attachments/%(filename)s": "households.csv",
        "/draft/submissions/%(instance)s/attachments/%(name)s": "households.csv",
        "/help/%(slug)s": "tour",
        "%(form)s": FORM,
        "%(form_id)s": FORM,
        "%(version)s": "2026112001",
        "/submissions/%(instance)s/versions/%(version)s": f"{side.instance_id}-edit",
        "/versions/%(version)s/attachments/%(name)s": image.name,
        "/media/%(filename)s": "households.csv",
        "/enter/%(form_id)s/files/%(name)s": "households.csv",
        "/view/files/%(form)s/%(instance)s/%(filename)s": image.name,
        "%(instance)s": side.instance_id,
        "%(instance_id)s": side.instance_id,
        "/forms/%(form)s/attachments/%(name)s": "households.csv",
        "/draft/attachments/%(name)s": "households.csv",
        "/submissions/%(instance)s/attachments/%(name)s": image.name,
        "/submissions/%(instance_id)s/attachments/%(name)s": image.name,
        "/datasets/%(name)s": "trees",
        "/forms/%(form)s.svc/%(path)s": "Submissions",
        "/datasets/%(name)s.svc/%(path)s": "Entities",
        "/entities/%(entity)s": str(side.tree.uuid),
        "/quarantine/%(id)s": str(side.item.pk),
        "/quarantine/%(number)s": str(side.item.pk),
        **ledgers,
        "%(path)s": "offers",
        "/ledgers/%(path)s/%(entry)s": own["offer"],
        "/file/%(kind)s": "csv",
        "/saved-views/%(number)s": "1",
        "/correct/%(column)s": "wage",
        "/move/%(column)s": "state",
        "%(to)s": "6",
        "/exceptions/%(id)s": str(side.exceptions[1].pk),
        "/exceptions/%(number)s": str(side.exceptions[1].pk),
        "/divisions/%(code)s": side.area,
        "/division-changes/%(id)s": str(side.renamed.pk),
        "/divisions/changes/%(number)s": str(side.renamed.pk),
        "/bulletins/%(area_code)s": side.area,
        "/phone-settings/%(area)s": side.area,
        "/jobs/%(area)s": side.area,
        **{f"/rules/%({name})s": str(side.rule.pk) for name in ("id", "number")},
        **{f"/imports/%({name})s": str(side.imported.pk) for name in ("id", "number")},
        "/reports/%(code)s": "R2",
        **{f"/reports/filings/%({name})s": str(side.filing.pk) for name in ("id", "number")},
        "/field-accounts/%(id)s": str(side.account.pk),
        "/field-accounts/%(number)s": str(side.account.pk),
        "%(user_id)s": str(side.worker.pk),
        "/lists/%(name)s": "trees",
        "%(uuid)s": str(side.tree.uuid),
        "%(actor)s": str(side.worker.pk),
        "%(role)s": "app-user",
        "%(username)s": side.worker.username,
        "/people/%(user_id)s/roles/%(number)s": str(side.worker.grants.get().pk),
        "/links/%(id)s": str(side.link.pk),
        "/links/%(side)s": str(side.link.pk),
        "/acts/%(act)s": str(side.act.pk),
        "/submissions/%(number)s": str(side.submission.pk),
        "/review/%(number)s": str(side.submission.pk),
        "/review/batches/%(batch)s": str(side.submission.decisions.get().batch),
        "/files/%(number)s": str(image.pk),
        "/desk-acts/%(number)s": str(side.act.pk),
        **{f"/deletions/%({name})s": str(side.deletion.pk) for name in ("id", "number")},
        **{f"/erasures/%({name})s": str(side.erasure.pk) for name in ("id", "number")},
        "/permits/%(number)s": str(side.permit.pk),
        "/export-permits/%(id)s": str(side.permit.pk),
        "/sealed/%(ledger)s": "person",
        "/sealed/%(ledger)s/%(entry)s": own["person"],
        "%(column)s": "id_no",
        "%(z)s": "12",
        "%(x)s": "3337",
        "%(y)s": "1777",
    }  # fmt: skip


ALSO: Final[dict[str, tuple[dict[str, str], ...]]] = {
    ".svc/%(path)s": ({"/forms/%(form)s.svc/%(path)s": "Submissions.members"},),
    "/datasets/%(name)s": (
        {"/datasets/%(name)s": "households"},
        {"/datasets/%(name)s": "cases"},
        {"/datasets/%(name)s": "employers"},
        {"/datasets/%(name)s": "persons"},
        {"/datasets/%(name)s": "vacancies"},
        {"/datasets/%(name)s": "retirees"},
    ),
    "/enter/%(form_id)s/files/%(name)s": (
        {"/enter/%(form_id)s/files/%(name)s": "cases.csv"},
        {"/enter/%(form_id)s/files/%(name)s": "employers.csv"},
        {"/enter/%(form_id)s/files/%(name)s": "persons.csv"},
        {"/enter/%(form_id)s/files/%(name)s": "vacancies.csv"},
        {"/enter/%(form_id)s/files/%(name)s": "retirees.csv"},
    ),
    "/media/%(filename)s": (
        {"/media/%(filename)s": "cases.csv"},
        {"/media/%(filename)s": "employers.csv"},
        {"/media/%(filename)s": "persons.csv"},
        {"/media/%(filename)s": "vacancies.csv"},
        {"/media/%(filename)s": "retirees.csv"},
        {"/media/%(filename)s": "trees.csv"},
    ),
}
"""Parts of addresses → further samples, for what one sample does not show."""


def addresses(door: str) -> list[Address]:
    """The addresses of a door that know of areas; "" is the console's."""

    def is_of_door(template: str) -> bool:
        if door:
            return template.startswith(door)
        return not template.startswith(PREFIXES)

    return [
        address
        for address in every_address()
        if is_of_door(address.template) and not UNASKED.search(address.template)
    ]


def paths(
    whose: Side, base: dict[str, str], address: Address, *, every_kind: bool = True
) -> Iterator[str]:
    """The address about something of a side, with each query, and each kind of thing or the first."""
    queries = next(
        (value for end, value in QUERIES.items() if address.template.endswith(end)), ("",)
    )
    words = {
        "instance": whose.instance_id, "tag": whose.tag, "area": whose.area,
        "household": str(whose.entries["household"]["own"].pk),
    }  # fmt: skip
    variants = [base]
    for part, more in ALSO.items():
        if part in address.template:
            variants += [{**base, **other} for other in more]
    if "/entities/%(entity)s" in address.template:
        home = {"/datasets/%(name)s": "households", "/entities/%(entity)s": words["household"]}
        variants.append({**base, **home})
    for path, ledger in PATHS.items():
        if f"/{path}/%(" in address.template:
            joined = str(whose.entries[ledger]["joined"].pk)
            variants.append({**base, f"/{path}/%(id)s": joined, f"/{path}/%(entry)s": joined})
    for kind in (
        whose.files
        if "%(filename)s" in address.template
        or "attachments/%(name)s" in address.template
        or "/files/" in address.template
        else ()
    ):
        file = whose.files[kind]
        by_name = {
            key: file.name
            for key in base
            if key.startswith(("/view/files/", "/submissions/")) and key.endswith("name)s")
        }
        variants.append({**base, **by_name, "/files/%(number)s": str(file.pk)})
    for samples in variants if every_kind else variants[:1]:
        for query in queries:
            yield address.filled(samples) + query % words
