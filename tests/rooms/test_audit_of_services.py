"""Each service, called once: which acts the log then has, and that they name who did it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from server.accounts.access import access_of
from server.accounts.models import RoleGrant
from server.audit.models import Act, AuditEntry
from server.audit.origin import current
from server.bulletin import services as bulletins
from server.forms import drafts, keys
from server.forms import services as forms
from server.forms.models import Form
from server.geo.models import Division, Level
from server.geo.renames import Rename
from server.geo.renumbering import Renumbering, renumber_division
from server.geo.services import import_divisions, rename_division, undo_change
from server.quarantine import services as quarantine
from server.quarantine.models import Quarantined
from server.quarantine.services.resolving import mark_accepted, record_about
from server.submissions import opening
from server.submissions import services as submissions
from server.submissions.services import disclosing
from tests.conftest import COMMUNITY, STREET
from tests.contracts.test_audit import EXEMPT
from tests.contracts.test_audit import services as all_services
from tests.factories.audited import AT, Office, workbook
from tests.factories.audited_accounts import ACCOUNTS
from tests.factories.audited_disclosures import DISCLOSURE_CASES
from tests.factories.audited_entries import ENTRY_CASES
from tests.factories.audited_imports import IMPORT_CASES
from tests.factories.audited_lists import LIST_CASES
from tests.factories.audited_records import RECORD_CASES, Case

pytestmark = pytest.mark.django_db


def _county(office: Office) -> None:
    """A street, whose county the chief administers."""
    Division.objects.get_or_create(
        code="440106003000", defaults={"level": Level.STREET, "name": "棠荫街道"}
    )
    RoleGrant.objects.create(user=office.chief, role="administrator", area="440106")


CASES = {
    **ACCOUNTS,
    **DISCLOSURE_CASES,
    **ENTRY_CASES,
    **IMPORT_CASES,
    "forms.drafts.save": Case(lambda office: office.save(workbook(), None), (Act.DRAFT_SAVED,)),
    "forms.drafts.reopen": Case(
        lambda office: drafts.reopen(form_id="plain", author=office.chief, at=AT),
        (Act.DRAFT_SAVED,),
        lambda office: office.form,
    ),
    "forms.drafts.attach": Case(
        lambda office: drafts.attach(
            form_id="plain", name="a.png", content=[b"1"], actor=office.chief
        ),
        (Act.DRAFT_FILE,),
        lambda office: office.draft,
    ),
    "forms.drafts.publish": Case(
        lambda office: drafts.publish(form_id="plain", version=None, publisher=office.chief),
        (Act.FORM_PUBLISHED,),
        lambda office: office.save(workbook(), None),
    ),
    "forms.drafts.drop": Case(
        lambda office: drafts.drop(form_id="plain", actor=office.chief),
        (Act.DRAFT_DELETED,),
        lambda office: office.draft,
    ),
    "forms.keys.make": Case(
        lambda office: keys.make(form_id="f", passphrase=None, at=AT, user=office.chief),
        (Act.KEY_MADE,),
    ),
    "forms.keys.store_private_key": Case(
        lambda office: keys.store_private_key(**office.private_key()), (Act.KEY_GIVEN,)
    ),
    "forms.services.publish": Case(
        lambda office: forms.publish(
            workbook=workbook(), filename="f.xlsx", publisher=office.chief, validate=False
        ),
        (Act.FORM_PUBLISHED,),
    ),
    "forms.services.publish_workbook": Case(
        lambda office: [
            forms.publish_workbook(
                workbook=workbook(2), filename="f.xlsx", publisher=office.chief, validate=False
            )
            for _again in range(2)
        ],
        (Act.FORM_PUBLISHED,),  # the second time nothing is new
        lambda office: office.form,
    ),
    "forms.services.rotate_key": Case(
        lambda office: forms.rotate_key(
            form_id="plain", passphrase=None, at=AT, publisher=office.chief
        ),
        (Act.KEY_MADE, Act.FORM_PUBLISHED),
        lambda office: office.form,
    ),
    "forms.services.offer": Case(
        lambda office: [
            forms.offer(form=office.form, areas=[COMMUNITY], actor=office.chief)
            for _again in range(2)
        ],
        (Act.FORM_AUDIENCE,),
        lambda office: office.form,
    ),
    "forms.services.withdraw": Case(
        lambda office: forms.withdraw(form=office.form, areas=[STREET], actor=office.chief),
        (Act.FORM_AUDIENCE,),
        lambda office: office.form,
    ),
    "forms.services.offer_only": Case(
        lambda office: forms.offer_only(
            form=office.form, areas=[COMMUNITY], users=[office.user], actor=office.chief
        ),
        (Act.FORM_AUDIENCE,),
        lambda office: office.form,
    ),
    "forms.services.set_state": Case(
        lambda office: forms.set_state(
            form_id="plain", state=Form.State.CLOSED, actor=office.chief
        ),
        (Act.FORM_STATE,),
        lambda office: office.form,
    ),
    "geo.services.import_divisions": Case(
        lambda office: import_divisions(
            {
                "type": "FeatureCollection",
                "features": [
                    {
                        "type": "Feature", "geometry": None,
                        "properties": {"code": "440106003009", "name": "新社区"},
                    }
                ],
            }
        ),
        (Act.DIVISIONS_IMPORTED,), actor="",
    ),
    **RECORD_CASES,
    **LIST_CASES,
    "quarantine.services.disclosing.disclose_quarantined": Case(
        lambda office: quarantine.disclose_quarantined(
            office.item, user=office.chief, reason="核对"
        ),
        (Act.EXPORT,),
        lambda office: office.item,
    ),
    "quarantine.services.dropping.drop": Case(
        lambda office: quarantine.drop(received_before=AT + timedelta(days=1), at=AT),
        (Act.QUARANTINE_DROPPED,),
        lambda office: office.item,
        "",
    ),
    "quarantine.services.releasing.release": Case(
        lambda office: office.released(),
        (Act.QUARANTINE_REPAIRED, Act.QUARANTINE_REPLAYED),
        lambda office: office.item,
        "chief ",
    ),
    "quarantine.services.repairing.repair": Case(
        lambda office: quarantine.repair(item=office.item, act="new_instance", **office.by_chief),
        (Act.QUARANTINE_REPAIRED,),
        lambda office: office.item,
    ),
    "quarantine.services.replaying.replay": Case(
        lambda office: quarantine.replay(
            item=office.acceptable, user=office.chief, access=office.access, at=AT
        ),
        (Act.QUARANTINE_REPLAYED,),
        lambda office: office.acceptable,
    ),
    "quarantine.services.replaying.replay_many": Case(
        lambda office: quarantine.replay_many(
            Quarantined.objects.all(), user=office.chief, access=office.access, at=AT
        ),
        (Act.QUARANTINE_REPLAYED,),
        lambda office: office.acceptable,
    ),
    "quarantine.services.replaying.replay_ready": Case(
        lambda office: quarantine.replay_ready(at=AT),
        (Act.QUARANTINE_REPLAYED,),
        lambda office: office.acceptable,
        "",
    ),
    "quarantine.services.resolving.mark_accepted": Case(
        lambda office: mark_accepted(
            office.item, version_id=office.version.pk, user=office.chief, at=AT
        ),
        (Act.QUARANTINE_REPLAYED,),
        lambda office: (office.item, office.version),
    ),
    "quarantine.services.resolving.dismiss": Case(
        lambda office: quarantine.dismiss(item=office.item, **office.by_chief),
        (Act.QUARANTINE_DISMISSED,),
        lambda office: office.item,
    ),
    "quarantine.services.resolving.reopen": Case(
        lambda office: quarantine.reopen(item=office.dismissed, **office.by_chief),
        (Act.QUARANTINE_REOPENED,),
        lambda office: office.dismissed,
    ),
    "quarantine.services.resolving.record_about": Case(
        lambda office: record_about(Act.QUARANTINE_DISMISSED, office.item, office.chief),
        (Act.QUARANTINE_DISMISSED,),
        lambda office: office.item,
    ),
    "submissions.opening.take_private_key": Case(
        lambda office: opening.take_private_key(**office.private_key(), at=AT), (Act.KEY_GIVEN,)
    ),
    "geo.services.rename_division": Case(
        lambda office: rename_division(
            Rename("440106003000", "新街道", "", AT.date()), reason="批复", evidence="1",
            actor=access_of(office.chief),
        ),
        (Act.DIVISION_RENAMED,),
        _county,
    ),
    "geo.renumbering.renumber_division": Case(
        lambda office: renumber_division(
            Renumbering("440106003001", "440106003011", AT.date()), reason="批复", evidence="1",
            actor=access_of(office.chief),
        ),
        (Act.DIVISION_RENUMBERED,),
        _county,
    ),
    "geo.renumbering.undo_renumbering": Case(
        lambda office: undo_change(
            renumber_division(
                Renumbering("440106003001", "440106003011", AT.date()), reason="批复", evidence="1",
                actor=access_of(office.chief),
            ).pk,
            reason="录错", actor=access_of(office.chief),
        ),
        (Act.DIVISION_RENUMBERED, Act.DIVISION_RENUMBER_UNDONE),
        _county,
    ),
    "geo.services.undo_change": Case(
        lambda office: undo_change(
            rename_division(
                Rename("440106003000", "新街道", "", AT.date()), reason="批复", evidence="1",
                actor=access_of(office.chief),
            ).pk,
            reason="录错", actor=access_of(office.chief),
        ),
        (Act.DIVISION_RENAMED, Act.DIVISION_RENAME_UNDONE),
        _county,
    ),
    "bulletin.services.keep_bulletin": Case(
        lambda office: bulletins.keep_bulletin(
            area="440106003000", contact="棠荫路1号", shows_employers=True, is_open=True,
            user=office.chief, access=office.access,
        ),
        (Act.BULLETIN,),
        lambda _office: Division.objects.get_or_create(
            code="440106003000", defaults={"level": Level.STREET, "name": "棠荫街道"}
        ),
    ),
    "submissions.opening.open_with_passphrase": Case(
        lambda office: opening.open_with_passphrase(
            key=office.key, passphrase="correct horse", at=AT, user=office.chief
        ),
        (Act.KEY_USED,),
        lambda office: office.key,
    ),
    "submissions.services.approving.set_approval": Case(
        lambda office: [
            submissions.set_approval(form_id="plain", needed=True, at=AT, actor=office.chief)
            for _again in range(2)
        ],
        (Act.FORM_APPROVAL,),
        lambda office: office.form,
    ),
    "submissions.services.disclosing.disclose_record": Case(
        lambda office: submissions.disclose_record(
            office.submission, user=office.chief, act=Act.MEDIA, column="a.jpg", reason=""
        ),
        (Act.MEDIA,),
        lambda office: office.submission,
    ),
    "submissions.services.disclosing.record_opening": Case(
        lambda office: disclosing.record_opening(office.key, user=office.chief, waiting=1),
        (Act.KEY_USED,),
        lambda office: office.key,
    ),
    "submissions.services.disclosing.record_opened": Case(
        lambda office: disclosing.record_opened(
            office.key, user=office.chief, opened=1, altered=0
        ),
        (Act.RECORDS_OPENED,),
        lambda office: office.key,
    ),
    "submissions.services.reviewing.review": Case(
        lambda office: submissions.review(
            submission=office.submission, state="approved", reviewer=office.chief,
            access=office.access, at=AT,
        ),
        (Act.REVIEW,),
        lambda office: office.submission,
    ),
    "submissions.services.reviewing.comment": Case(
        lambda office: submissions.comment(
            submission=office.submission, body="?", author=office.chief, access=office.access, at=AT
        ),
        (Act.COMMENT,),
        lambda office: office.submission,
    ),
}  # fmt: skip
"""Service (less "server.") → a call of it."""


def test_every_service_that_records_is_here():
    recording = {name.removeprefix("server.") for name in all_services() if name not in EXEMPT}
    desk = {name for name in recording if name.startswith("ledgers.desk.")}
    assert recording - desk == set(CASES)
    assert {f"ledgers.services.{name.rpartition('.')[2]}" for name in desk} <= set(CASES)


@pytest.fixture
def office(phone, make_user, settings) -> Office:
    settings.RUHU_VALIDATE_JAVA = "/nowhere/java"
    return Office(make_user)


@pytest.mark.parametrize("service", CASES)
def test_a_service_adds_its_acts(service: str, office: Office):
    case = CASES[service]
    case.before(office)
    last = AuditEntry.objects.order_by("pk").values_list("pk", flat=True).last() or 0
    case.call(office)
    rows = list(AuditEntry.objects.filter(pk__gt=last).order_by("pk"))
    assert [row.act for row in rows] == list(case.acts)
    by_chief, by_nobody = {"chief"}, {current().name}
    expected = {"chief": by_chief, "": by_nobody, "chief ": by_chief | by_nobody}[case.actor]
    assert {row.actor_name for row in rows} == expected
    for row in rows:
        assert row.object_type or row.act == Act.FIND
        assert row.area_code == "" or STREET.startswith(row.area_code[:9])
