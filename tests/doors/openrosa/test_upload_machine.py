"""Any sequence of uploads, edits, late files and decisions, against a model of what must be there.

The long run: `python tests/perf/fuzz.py`.
"""

from __future__ import annotations

import itertools
import os
from dataclasses import dataclass, field

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from server.accounts.access import access_of
from server.core import blobs, clock
from server.quarantine.models import Quarantined
from server.submissions.drain import drain_now
from server.submissions.models import Submission, SubmissionVersion, Waiting
from server.submissions.selectors import document_of
from server.submissions.services import review
from tests.factories.submissions import instance, instance_id, make_form, make_phone

pytestmark = pytest.mark.django_db
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "8"))
_numbers = itertools.count(1)

FILE_NAMES = st.sampled_from(["1.jpg", "门牌.jpg", "../../2.jpg", "a b'\"%.jpg", "audit.csv"])
FILES = st.dictionaries(FILE_NAMES, st.integers(0, 3), max_size=3)


def content(kind: int) -> bytes:
    """Few different contents; 1 is the whole of what 0 is the beginning of."""
    return {0: b"head", 1: b"head and tail", 2: b"other", 3: b""}[kind]


def flat(name: str) -> str:
    return name.rpartition("/")[2]


@dataclass
class Record:
    """What the server must hold of one submission."""

    versions: list[int]  # the first and its edits, by number
    state: str = "received"


@dataclass
class Model:
    """What the server has acknowledged."""

    documents: dict[int, bytes] = field(default_factory=dict)
    files: dict[int, dict[str, bytes]] = field(default_factory=dict)
    named: dict[int, set[str]] = field(default_factory=dict)  # files an edit's answers name
    records: dict[int, Record] = field(default_factory=dict)  # by any of its versions
    refused: set[bytes] = field(default_factory=set)


class Uploads(RuleBasedStateMachine):
    """One phone, and a reviewer in the office."""

    phone = reviewer = access = None
    instances = Bundle("instances")

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.first = next(_numbers)  # what earlier machines sent has smaller numbers

    # --- what a phone does ------------------------------------------------------

    def _post(self, document: bytes, files: dict[str, int], *, xml_last: bool = False) -> int:
        named = [
            (f"part{place}", SimpleUploadedFile(name, content(kind), "image/jpeg"))
            for place, (name, kind) in enumerate(files.items())
        ]
        for (_part, upload), name in zip(named, files, strict=True):
            upload._name = name  # as sent; Django would cut the folders off
        xml = [("xml_submission_file", SimpleUploadedFile("x.xml", document, "text/xml"))]
        parts = dict(named + xml if xml_last else xml + named)
        answer = Client().post(f"{self.phone.base}/submission?deviceID=machine", parts)
        assert answer.status_code in (201, 404, 409), answer.content.decode()
        return answer.status_code

    def _gained(self, number: int, files: dict[str, int]) -> None:
        """What a version gains goes on to the edits after it that name it."""
        versions = self.model.records[number].versions
        place = versions.index(number)
        inherited = self.model.files[versions[place - 1]] if place else {}
        came: dict[str, bytes] = {}
        for name, kind in files.items():  # of two under one name in one upload
            new, old = content(kind), came.get(flat(name))
            if old is None or (len(new) > len(old) and new.startswith(old)):
                came[flat(name)] = new
        for version in versions[place:]:
            if version != number:
                came = {
                    name: new for name, new in came.items() if name in self.model.named[version]
                }
            kept = self.model.files.setdefault(version, {})
            inherited, before = {name: kept.get(name) for name in came}, inherited
            came = {
                name: new for name, new in came.items() if self._is_better(name, new, kept, before)
            }
            kept |= came

    @staticmethod
    def _is_better(name: str, new: bytes, kept: dict[str, bytes], inherited: dict) -> bool:
        """The first content stays, unless it was only carried forward, or the new content begins with it."""
        old = kept.get(name)
        if old is None:
            return True
        is_carried = inherited.get(name) == old
        return new != old and (is_carried or (len(new) > len(old) and new.startswith(old)))

    @rule(target=instances, files=FILES, xml_last=st.booleans())
    def send_new(self, files: dict[str, int], xml_last: bool) -> int:
        number = next(_numbers)
        document = instance(number)
        assert self._post(document, files, xml_last=xml_last) == 201
        self.model.documents[number] = document
        self.model.records[number] = Record([number])
        self._gained(number, files)
        return number

    @rule(number=instances, files=FILES)
    def send_again(self, number: int, files: dict[str, int]) -> None:
        """A resend, late files, or both at once."""
        assert self._post(self.model.documents[number], files) == 201
        self._gained(number, files)

    @rule(number=instances, files=FILES)
    def send_other_content(self, number: int, files: dict[str, int]) -> None:
        document = instance(number, met_whom="9")
        assert self._post(document, files) == 409
        self.model.refused.add(document)

    @rule(target=instances, number=instances, files=FILES, mentions=st.sets(FILE_NAMES))
    def edit(self, number: int, files: dict[str, int], mentions: set[str]):
        """Only the current version can be edited; files its answers name are carried forward."""
        record = self.model.records[number]
        new = next(_numbers)
        named = {flat(name) for name in mentions}
        answers = "".join(f"<photo>{name.replace('&', '&amp;')}</photo>" for name in sorted(named))
        document = instance(new, deprecated=instance_id(number), answers=answers)
        if record.versions[-1] != number:
            assert self._post(document, files) == 409
            self.model.refused.add(document)
            return multiple()
        assert self._post(document, files) == 201
        self.model.documents[new] = document
        self.model.named[new] = named
        self.model.records[new] = record
        record.versions.append(new)
        record.state = "edited"
        self._gained(new, files)
        carried = self.model.files[number]
        for name in named & set(carried):
            self.model.files[new].setdefault(name, carried[name])
        return new

    @rule(files=FILES)
    def edit_before_its_original(self, files: dict[str, int]) -> None:
        """Refused and kept; once the original is here, the same bytes are taken."""
        original, new = next(_numbers), next(_numbers)
        document = instance(new, deprecated=instance_id(original))
        assert self._post(document, files) == 404
        assert self._post(instance(original), {}) == 201
        assert self._post(document, files) == 201
        record = Record([original, new], state="edited")
        for number, sent in ((original, instance(original)), (new, document)):
            self.model.documents[number] = sent
            self.model.records[number] = record
        self.model.files[original] = {}
        self.model.named[new] = set()
        self._gained(new, files)

    # --- what the office does ---------------------------------------------------

    @rule(number=instances, state=st.sampled_from(["approved", "rejected", "has_issues"]))
    def decide(self, number: int, state: str) -> None:
        record = self.model.records[number]
        submission = Submission.objects.get(instance_id=instance_id(record.versions[0]))
        review(
            submission=submission,
            state=state,
            reason="看不清",
            reviewer=self.reviewer,
            access=self.access,
            at=clock.now(),
        )
        record.state = state

    @rule()
    def work(self) -> None:
        drain_now()
        assert not Waiting.objects.exists()
        assert not Submission.objects.filter(processed_at=None).exists()

    # --- what must hold ---------------------------------------------------------

    @invariant()
    def everything_acknowledged_is_there_and_nothing_else(self) -> None:
        model = self.model
        wanted = {instance_id(number): number for number in model.documents}
        versions = SubmissionVersion.objects.filter(instance_id__gte=instance_id(self.first))
        assert {version.instance_id for version in versions} == set(wanted)
        for version in versions.select_related("submission").prefetch_related("attachments"):
            number = wanted[version.instance_id]
            record = model.records[number]
            assert document_of(version) == model.documents[number]
            stored = {file.name: blobs.read(file.sha256) for file in version.attachments.all()}
            assert stored == model.files.get(number, {})
            assert version.submission.instance_id == instance_id(record.versions[0])
            assert version.submission.review_state == record.state
            is_current = version.submission.current_version_id == version.pk
            assert is_current == (record.versions[-1] == number)

    @invariant()
    def everything_refused_is_in_the_quarantine(self) -> None:
        kept = Quarantined.objects.filter(
            size__in={len(document) for document in self.model.refused}
        )
        assert self.model.refused <= {document_of(item) for item in kept}


def test_any_sequence_of_uploads_leaves_what_was_acknowledged(divisions, make_user) -> None:
    make_form()
    Uploads.phone = make_phone()
    Uploads.reviewer = make_user("reviewer", role="administrator", area="")
    Uploads.access = access_of(Uploads.reviewer)
    run_state_machine_as_test(
        Uploads,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=12,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )
