"""Something that exists for each parameter of an address, for tests that walk through all addresses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.conftest import COMMUNITY
from tests.factories.console import (
    AT,
    attach,
    entry,
    make_deleted,
    make_erasure,
    make_quarantined,
    make_renamed,
    make_stranger_key,
    make_street,
    photo_bytes,
)
from tests.factories.declared import make_declared
from tests.factories.filings import make_filing
from tests.factories.imports import make_import
from tests.factories.permits import make_waiting
from tests.factories.rules import make_rule
from tests.factories.submissions import make_phone
from tests.factories.trees import make_list, make_tree
from tests.factories.trials import make_trial

CANARY = b"<html xmlns='http://www.w3.org/1999/xhtml'><script>canary()</script></html>"
"""A script in every file that comes from outside."""


def every_sample(make_user: Callable[..., Any]) -> dict[str, str]:
    """Something that exists for each parameter; the files among it hold a script."""
    from server.accounts.models import PhoneSettings
    from server.accounts.services import issue_token
    from server.bulletin.models import Bulletin
    from server.core import blobs
    from server.forms.models import FormDraft, FormMedia, FormVersion
    from server.ledgers.definitions.ledgers import DEFINITIONS
    from server.ledgers.models import Spell, Vacancy, Visit

    street = make_street(make_user)
    phone = make_phone()
    account, _token = issue_token(user=street.worker, actor=None)
    workbook = blobs.store([CANARY])
    FormVersion.objects.update(xform=CANARY, workbook_sha256=workbook.sha256)
    for kind in ("html", "svg"):
        blob = blobs.store([CANARY])
        FormMedia.objects.create(
            form_version=street.form.current_version, filename=f"evil.{kind}", kind="file",
            sha256=blob.sha256, md5=blob.md5.hex(), size=blob.size,
        )  # fmt: skip
    photo = attach(street.submission, "evil.jpg", photo_bytes() + CANARY)
    FormDraft.objects.create(
        form_id=street.form.form_id, title="", md5="", workbook_sha256=workbook.sha256,
        saved_by=street.worker, saved_at=AT, token="no-draft-but-this", xform=CANARY,
        wanted=["evil.html"],
        files=[{"name": "evil.html", "sha256": workbook.sha256.hex(), "md5": workbook.md5.hex(), "size": workbook.size}],
    )  # fmt: skip
    make_trial("uuid:1", CANARY)
    area = street.person.area_code
    PhoneSettings.objects.create(area=COMMUNITY, changed_at=AT, changed_by=street.worker)
    rule = str(make_rule(street.worker, COMMUNITY).pk)
    renamed = make_renamed(street.worker, COMMUNITY)
    Bulletin.objects.create(
        area_code=COMMUNITY,
        contact="棠荫路1号",
        is_open=True,
        changed_at=AT,
        changed_by=street.worker,
    )
    spell = Spell.objects.create(
        **entry(area, person=street.person, spell_kind="1", start_on=AT.date())
    )
    declared = make_declared(
        area,
        vacancy=Vacancy.objects.get(area_code=area),
        person=street.person,
        employer=street.employer,
    )
    deletion = make_deleted(street.form, street.worker, area)
    erasure = make_erasure(street.submission, street.worker)
    item = make_quarantined(street.worker, area, CANARY)
    key = make_stranger_key().fingerprint
    household, person = str(street.household.pk), str(street.person.pk)
    version = street.form.current_version.version
    permit = str(make_waiting(make_user("colleague")).pk)
    tree = str(make_tree(make_list(), area, street.worker).uuid)
    imported = str(make_import(street.worker, area).pk)
    filing = str(make_filing(street.worker, area).pk)
    return {
        "/key/%(token)s": phone.token,
        "/v1/test/%(token)s": "no-draft-but-this",
        "/draft/attachments/%(filename)s": "evil.html",
        "/draft/submissions/%(instance)s/attachments/%(name)s": "evil.html",
        "%(token)s": "no-such-session",
        "/help/%(slug)s": "tour",
        "%(form)s": street.form.form_id,
        "%(form_id)s": street.form.form_id,
        "%(version)s": version,
        "/media/%(filename)s": "evil.html",
        "/enter/%(form_id)s/files/%(name)s": "evil.html",
        "/view/files/%(form)s/%(instance)s/%(filename)s": "evil.jpg",
        "%(instance)s": "uuid:1",
        "%(instance_id)s": "uuid:1",
        "/forms/%(form)s/attachments/%(name)s": "evil.html",
        "/draft/attachments/%(name)s": "evil.html",
        "/submissions/%(instance)s/attachments/%(name)s": "evil.jpg",
        "/submissions/%(instance)s/versions/%(version)s": "uuid:1",
        "/versions/%(version)s/attachments/%(name)s": "evil.jpg",
        "/submissions/%(instance_id)s/attachments/%(name)s": "evil.jpg",
        "/datasets/%(name)s": "trees",
        "/forms/%(form)s.svc/%(path)s": "Submissions",
        "/datasets/%(name)s.svc/%(path)s": "Entities",
        "/entities/%(entity)s": tree,
        "%(fingerprint)s": key,
        "/deletions/%(id)s": str(deletion.pk),
        "/deletions/%(number)s": str(deletion.pk),
        "/erasures/%(id)s": str(erasure.pk),
        "/erasures/%(number)s": str(erasure.pk),
        "/quarantine/%(id)s": str(item.pk),
        "/quarantine/%(number)s": str(item.pk),
        "/households/%(id)s": household,
        "/households/%(entry)s": household,
        "/persons/%(id)s": person,
        "/persons/%(entry)s": person,
        "/spells/%(id)s": str(spell.pk),
        "/employers/%(id)s": str(street.employer.pk),
        "/employers/%(entry)s": str(street.employer.pk),
        "/vacancies/%(entry)s": str(Vacancy.objects.get(area_code=area).pk),
        **{f"/{DEFINITIONS[ledger].path}/%(id)s": str(row.pk) for ledger, row in declared.items()},
        "%(path)s": "offers",
        "/ledgers/%(path)s/%(entry)s": str(declared["offer"].pk),
        "/correct/%(column)s": "wage",
        "/move/%(column)s": "state",
        "%(to)s": "6",
        "/cases/%(id)s": str(street.case.pk),
        "/cases/%(entry)s": str(street.case.pk),
        "/visits/%(id)s": str(Visit.objects.get(area_code=area).pk),
        "/exceptions/%(id)s": str(street.exception.pk),
        "/exceptions/%(number)s": str(street.exception.pk),
        "/links/%(id)s": str(street.link.pk),
        "/links/%(side)s": str(street.link.pk),
        "/acts/%(act)s": "1",
        "/divisions/%(code)s": COMMUNITY,
        "/division-changes/%(id)s": str(renamed.pk),
        "/divisions/changes/%(number)s": str(renamed.pk),
        "/bulletins/%(area_code)s": COMMUNITY,
        "/phone-settings/%(area)s": COMMUNITY,
        "/jobs/%(area)s": COMMUNITY,
        **{f"/rules/%({name})s": rule for name in ("id", "number")},
        "/imports/%(id)s": imported,
        "/imports/%(number)s": imported,
        "/reports/%(code)s": "R2",
        "/reports/filings/%(id)s": filing,
        "/reports/filings/%(number)s": filing,
        "/lists/%(name)s": "trees",
        "%(uuid)s": tree,
        "%(actor)s": str(street.worker.pk),
        "%(role)s": "app-user",
        "%(assignee)s": str(street.worker.pk),
        "/file/%(kind)s": "csv",
        "/saved-views/%(number)s": "1",
        "/review/%(number)s": str(street.submission.pk),
        "/review/batches/%(batch)s": household,
        "%(username)s": "xie",
        "/account/sessions/%(number)s": "1",
        "/account/tokens/%(number)s": "1",
        "%(pk)s": "1",
        "/people/%(user_id)s/roles/%(number)s": "1",
        "/field-accounts/%(id)s": str(account.pk),
        "/field-accounts/%(number)s": str(account.pk),
        "%(user_id)s": str(street.worker.pk),
        "/submissions/%(number)s": str(street.submission.pk),
        "/files/%(number)s": str(photo.pk),
        "/desk-acts/%(number)s": "1",
        "/permits/%(number)s": permit,
        "/export-permits/%(id)s": permit,
        "/sealed/%(ledger)s": "person",
        "/sealed/%(ledger)s/%(entry)s": person,
        "%(column)s": "phone",
        "%(z)s": "12",
        "%(x)s": "3337",
        "%(y)s": "1777",
    }


QUERIES = {
    "xml": "?reason=look",
    "export": "?reason=look",
    "downloadSubmission": "?formId=household_survey[@version=null]/data[@key=uuid:1]",
    "R2": f"?area={COMMUNITY}&period=2026",
    "entries": f"?report=R2&area={COMMUNITY}&period=2026&row=total&column=people",
    "filings": f"?area={COMMUNITY}&period=2026Q3",
    "change": "?key=visit_attempts",
    "day-sheet": f"?due_to=2036-01-01&area={COMMUNITY}",
    "submissionList": "?formId=household_survey",
}
"""The last word of an address → the query that it needs."""
