"""Somebody who may do everything, and something to do each thing with, for calling each service once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any

from cryptography.hazmat.primitives import serialization

from server.accounts import passwords
from server.accounts import services as accounts
from server.accounts.access import access_of
from server.accounts.models import FieldAccount, RoleGrant, User
from server.accounts.selectors import device_login
from server.core.sealing import seal_document
from server.disclosure import services as disclosure
from server.disclosure.models import ExportPermit
from server.erasure.models import Erasure
from server.forms import drafts, encryption, keys
from server.forms import services as forms
from server.forms.models import EncryptionKey, Form, FormDraft
from server.ledgers import services as ledgers
from server.ledgers.definitions.vocabulary import ActKind
from server.ledgers.models import DeskAct, EntryLink, LedgerException, Person
from server.quarantine import services as quarantine
from server.quarantine.models import Quarantined
from server.quarantine.services.releasing import release
from server.submissions.models import Deletion, Submission, SubmissionVersion
from server.submissions.problems import UnknownFormVersion
from tests.conftest import COMMUNITY, STREET
from tests.factories.console import make_deleted, make_erasure, make_submission
from tests.factories.ledgers import id_number, make_versions, member, store, street, uuid_of
from tests.factories.permits import make_waiting
from tests.factories.submissions import FORM_ID, VERSION, instance
from tests.samples import xlsforms

AT = datetime(2026, 11, 23, 2, tzinfo=UTC)

WORKBOOK = """
| survey |
| | type | name | label | media::image |
| | text | a | A | {image} |
| settings |
| | form_id | form_title | version |
| | plain | Plain | {version} |
"""


def workbook(version: int = 1, image: str = "") -> bytes:
    return xlsforms.workbook(WORKBOOK.format(version=version, image=image))


class Office:
    """The chief, and what the chief acts on; each thing is made when it is asked for."""

    def __init__(self, make_user: Callable[..., User]) -> None:
        self.make_user = make_user
        self.chief = make_user("chief", role="administrator", area=STREET)
        self.access = access_of(self.chief)
        self.deed = {"reason": "核对", "access": self.access, "at": AT}
        self.by_chief_alone = {"user": self.chief, "access": self.access, "at": AT}
        self.by_chief = {"reason": "核对", "user": self.chief, "access": self.access, "at": AT}

    @cached_property
    def user(self) -> User:
        return self.make_user("li", role="worker", area=COMMUNITY)

    @cached_property
    def code(self) -> FieldAccount:
        return accounts.issue_token(user=self.user, actor=None)[0]

    @cached_property
    def form(self) -> Form:
        return self.published(workbook()).form

    def published(self, content: bytes) -> Any:
        return forms.publish(
            workbook=content, filename="f.xlsx", publisher=self.chief, validate=False
        )

    @cached_property
    def draft(self) -> FormDraft:
        return self.save(workbook(image="a.png"), None)

    def save(self, content: bytes, form_id: str | None) -> FormDraft:
        return drafts.save(
            workbook=content, filename="f.xlsx", form_id=form_id, author=self.chief, at=AT
        )

    def permit(self, user: User) -> ExportPermit:
        return disclosure.request_permit(
            user=user, access=access_of(user), kind="ledger", name="person", area=STREET,
            reason="annual report", days=1,
        )  # fmt: skip

    @cached_property
    def waiting(self) -> ExportPermit:
        """A colleague's permit that waits for consent."""
        return make_waiting(self.make_user("colleague", role="street", area=STREET))

    @property
    def decider(self) -> dict[str, Any]:
        return {"user": self.chief, "access": self.access}

    @cached_property
    def key(self) -> EncryptionKey:
        return forms.rotate_key(
            form_id="sealed", passphrase="correct horse", at=AT, publisher=self.chief
        )

    @cached_property
    def submission(self) -> Submission:
        made: Submission = make_submission(
            Form.objects.get(form_id=FORM_ID), self.user, COMMUNITY, "uuid:1"
        )
        return made

    @cached_property
    def deletion(self) -> Deletion:
        made: Deletion = make_deleted(
            Form.objects.get(form_id=FORM_ID), self.user, COMMUNITY, "uuid:2"
        )
        return made

    @cached_property
    def erasure(self) -> Erasure:
        """Asked for by somebody else than the chief."""
        made: Erasure = make_erasure(self.submission, self.user)
        return made

    @cached_property
    def persons(self) -> list[Person]:
        versions = make_versions()
        for number in (1, 2):
            line = member(id_no=id_number("1970-05-01", number), phone="020-00000001")
            made = store(
                street(number, [line]),
                version=versions[street(number, []).form],
                submitter=self.user,
                instance_id=f"uuid:{uuid_of(str(number))}",
            )
            ledgers.merge_submissions(submission_ids=[made.pk], as_of=date(2026, 11, 23))
        return list(Person.objects.order_by("pk"))

    @property
    def pair(self) -> dict[str, Any]:
        one, other = self.persons
        return {"family": "person", "entry": one.pk, "other": other.pk, **self.deed}

    @cached_property
    def link(self) -> EntryLink:
        """Another office has listed the first of the persons."""
        there = street(3, [member(id_no=id_number("1970-05-01", 1))])
        there.community = "440106005001"
        made = store(
            there,
            version=self.persons[0].source_submission.current_version.form_version,
            submitter=self.user,
            instance_id=f"uuid:{uuid_of('3')}",
        )
        ledgers.merge_submissions(submission_ids=[made.pk], as_of=date(2026, 11, 23), judging=False)
        return EntryLink.objects.get(area_code=STREET)

    def state_move(self) -> DeskAct:
        return ledgers.state_of_link(link=self.link, kind=ActKind.MOVE, **self.deed)

    def state_move_away(self) -> DeskAct:
        """The other office confirms that the person has moved there."""
        there = EntryLink.objects.exclude(pk=self.link.pk).get()
        RoleGrant.objects.create(user=self.chief, role="street", area=there.area_code)
        deed = {**self.deed, "access": access_of(self.chief)}
        return ledgers.state_of_link(link=there, kind=ActKind.MOVE, **deed)

    @cached_property
    def desk_act(self) -> DeskAct:
        return ledgers.void(family="person", entry=self.persons[0].pk, **self.deed)

    @cached_property
    def exception(self) -> LedgerException:
        return LedgerException.objects.create(
            kind="clock", family="person", entry=self.persons[0].pk, area_code=COMMUNITY,
            contribution=1, opened_at=AT,
        )  # fmt: skip

    @cached_property
    def resolved_exception(self) -> LedgerException:
        return LedgerException.objects.create(
            kind="entity_fault", family="person", entry=self.persons[0].pk, area_code=COMMUNITY,
            contribution=2, opened_at=AT, resolved_at=AT, resolved_by=self.chief,
            resolution="核对", resolved_as="note",
        )  # fmt: skip

    @cached_property
    def item(self) -> Quarantined:
        document = instance(7)
        return Quarantined.objects.create(
            received_at=AT, reason="unknown-form", form_id=FORM_ID, size=len(document),
            sha256=b"1" * 32, document=seal_document(document), stored_bytes=len(document),
            submitter=self.user, area=COMMUNITY, instance_id="uuid:7",
        )  # fmt: skip

    @cached_property
    def acceptable(self) -> Quarantined:
        """An item that nothing is in the way of any more."""
        sent = instance(7)
        return Quarantined.objects.create(
            received_at=AT, reason=UnknownFormVersion.type, form_id=FORM_ID, size=len(sent),
            form_version=VERSION, sha256=b"2" * 32, document=seal_document(sent),
            stored_bytes=len(sent), submitter=self.user, area=COMMUNITY, instance_id="uuid:7",
        )  # fmt: skip

    @cached_property
    def dismissed(self) -> Quarantined:
        quarantine.dismiss(item=self.item, **self.by_chief)
        return Quarantined.objects.get(pk=self.item.pk)

    @cached_property
    def version(self) -> SubmissionVersion:
        found = self.submission.current_version
        assert found is not None
        return found

    @cached_property
    def worker(self) -> Any:
        return accounts.add_worker(username="wu", areas=[COMMUNITY], actor=None)

    def wrong_digest(self) -> None:
        _secret, login = device_login(self.worker.user.username)
        assert login is not None
        passwords.wrong_digest("wu", login, address="192.0.2.1")

    def released(self) -> None:
        self.submission  # noqa: B018 made first
        quarantine.repair(item=self.item, act="new_instance", **self.by_chief)
        release({b"1" * 32: self.version.pk}, at=AT)

    def private_key(self) -> dict[str, Any]:
        private = encryption.make_private_key()
        keys.carried(encryption.as_text(encryption.public_bytes(private)))
        pem = private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        return {"pem": pem, "password": None, "passphrase": None, "user": self.chief}
