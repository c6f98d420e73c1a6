"""Forms are administered by whoever administers every area that they concern, and reach no further."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from django.db import transaction

from server.accounts.models import RoleGrant
from server.core import blobs
from server.core.clock import now
from server.core.request_problems import NotAllowed
from server.forms import authority, drafts, encryption, keys, services
from server.forms.models import EncryptionKey, Form, FormDraft, FormHome
from server.forms.problems import (
    AudienceTooWide,
    FormConcernsOtherAreas,
    FormHasOwnKey,
    PrivateKeyNotHere,
)
from server.submissions import opening
from server.submissions.services import set_approval
from tests.conftest import COMMUNITY, OTHER_STREET_COMMUNITY, STREET
from tests.factories.console import make_submission
from tests.factories.roles import OTHER_STREET
from tests.factories.submissions import make_phone
from tests.samples import xlsforms

pytestmark = pytest.mark.django_db(transaction=True)
PLAIN = """
| survey |
| | type | name | label |
| | text | a | A |
| settings |
| | form_id | form_title | version |
| | plain | Plain | 1 |
"""


@cache
def workbook(version: int) -> bytes:
    return xlsforms.workbook(PLAIN.replace("| 1 |", f"| {version} |"))


def publish(publisher: Any, version: int = 1) -> Form:
    return services.publish(
        workbook=workbook(version), filename="f.xlsx", publisher=publisher, validate=False
    ).form


@pytest.fixture(autouse=True)
def _no_java(settings) -> None:
    settings.RUHU_VALIDATE_JAVA = ""


@pytest.fixture
def here(divisions, make_user) -> Any:
    return make_user("here", role="administrator", area=STREET)


@pytest.fixture
def there(divisions, make_user) -> Any:
    return make_user("there", role="administrator", area=OTHER_STREET)


@pytest.fixture
def everywhere(divisions, make_user) -> Any:
    return make_user("everywhere", role="administrator", area="")


def worker(name: str, area: str) -> Any:
    from server.accounts.models import User

    return User.objects.get(pk=make_phone(name, area).user_id)


def snapshot() -> list[Any]:
    """All that administering a form changes."""
    return [
        list(Form.objects.values("form_id", "state", "needs_approval", "current_version")),
        list(FormHome.objects.values()),
        list(FormDraft.objects.values()),
        list(Form.audience.rel.related_model.objects.order_by("pk").values()),
        list(EncryptionKey.objects.values("fingerprint", "opening", "retired_at")),
    ]


def acts(form: Form, private: Any) -> Iterator[Callable[[Any], Any]]:
    """Everything that the services let an administrator do with a form."""
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    key = EncryptionKey.objects.get()
    given = {"pem": pem, "password": None, "at": now()}
    yield lambda user: publish(user)
    yield lambda user: publish(user, 2)
    yield lambda user: services.offer(form=form, areas=[COMMUNITY], actor=user)
    yield lambda user: services.withdraw(form=form, areas=[STREET], actor=user)
    yield lambda user: services.offer_only(form=form, areas=[], users=[], actor=user)
    yield lambda user: services.set_state(form_id="plain", state=Form.State.CLOSED, actor=user)
    yield lambda user: set_approval(form_id="plain", needed=True, at=now(), actor=user)
    yield lambda user: services.rotate_key(
        form_id="plain", passphrase=None, at=now(), publisher=user
    )
    yield lambda user: opening.take_private_key(**given, passphrase="a" * 12, user=user)
    yield lambda user: opening.take_private_key(**given, passphrase=None, user=user)
    yield lambda user: opening.open_with_passphrase(key=key, passphrase=None, at=now(), user=user)
    yield lambda user: drafts.save(
        workbook=workbook(3), filename="f.xlsx", form_id="plain", author=user, at=now()
    )
    yield lambda user: drafts.reopen(form_id="plain", author=user, at=now())
    yield lambda user: drafts.attach(form_id="plain", name="a.png", content=[b"a"], actor=user)
    yield lambda user: drafts.publish(form_id="plain", version="9", publisher=user)
    yield lambda user: drafts.drop(form_id="plain", actor=user)


def test_a_form_of_one_street_is_administered_there_alone(here, there, everywhere, make_user):
    """The first to publish gives the form its home and its audience; each act is tried by those who may not, then done."""
    form = publish(here)
    assert list(form.audience.values_list("area", "user")) == [(STREET, None)]
    private = encryption.make_private_key()
    key = keys.carried(encryption.as_text(encryption.public_bytes(private)))
    form.versions.update(encryption_key=key)
    drafts.save(workbook=workbook(4), filename="f", form_id="plain", author=here, at=now())
    FormDraft.objects.update(wanted=["a.png"])
    staff = make_user("staff", role="street", area=STREET)
    for act in acts(form, private):
        before = snapshot()
        for user, problem in ((there, FormConcernsOtherAreas), (staff, NotAllowed)):
            with pytest.raises(problem):
                act(user)
            assert snapshot() == before
        for user in (here, everywhere):
            undone = transaction.atomic()
            undone._from_testcase = True  # type: ignore[attr-defined]
            with undone:
                with suppress(FormHasOwnKey, PrivateKeyNotHere):
                    act(user)
                transaction.set_rollback(True)


def test_a_form_that_is_offered_to_two_streets_needs_an_administrator_of_both(
    here, there, everywhere, make_user
):
    form = publish(here)
    services.offer(form=form, areas=[OTHER_STREET_COMMUNITY], actor=everywhere)
    for user in (here, there):
        with pytest.raises(FormConcernsOtherAreas):
            services.set_state(form_id="plain", state=Form.State.CLOSED, actor=user)
    both = make_user("both", role="administrator", area=STREET)
    RoleGrant.objects.create(user=both, role="administrator", area=OTHER_STREET)
    services.set_state(form_id="plain", state=Form.State.CLOSED, actor=both)
    services.withdraw(form=form, areas=[STREET, OTHER_STREET_COMMUNITY], actor=both)
    with pytest.raises(FormConcernsOtherAreas) as refused:
        services.offer(form=form, areas=[OTHER_STREET], actor=there)
    assert refused.value.data["areas"] == [STREET], "offered to nobody, it is still at home"
    services.offer(form=form, areas=[STREET], actor=here)


def test_an_audience_reaches_no_further_than_its_publisher(here, everywhere):
    form = publish(here)
    inside, outside = worker("inside", COMMUNITY), worker("outside", OTHER_STREET_COMMUNITY)
    partly = worker("partly", COMMUNITY)
    RoleGrant.objects.create(user=partly, role="worker", area=OTHER_STREET_COMMUNITY)
    before = snapshot()
    wide: tuple[dict[str, Any], ...] = (
        {"areas": [""], "users": []},
        {"areas": ["440106"], "users": []},
        {"areas": [STREET, OTHER_STREET], "users": []},
        {"areas": [STREET], "users": [outside]},
        {"areas": [], "users": [inside, partly]},
    )
    for audience in wide:
        for act in (services.offer, services.offer_only):
            with pytest.raises(AudienceTooWide):
                act(form=form, actor=here, **audience)
            assert snapshot() == before
    services.offer_only(form=form, areas=[COMMUNITY], users=[inside], actor=here)
    services.offer_only(form=form, areas=["440106"], users=[partly], actor=everywhere)


def test_a_form_from_the_servers_terminal_belongs_to_everyone(here, everywhere):
    form = publish(None)
    assert list(form.audience.values_list("area", flat=True)) == [""]
    services.offer_only(form=form, areas=[STREET], users=[], actor=everywhere)
    with pytest.raises(FormConcernsOtherAreas):
        publish(here, 2)
    publish(everywhere, 2)


def test_records_of_another_area_are_not_folded_again_for_this_one(here, everywhere):
    form = publish(here)
    sender = worker("inside", COMMUNITY)
    make_submission(form, sender, COMMUNITY, "uuid:a")
    make_submission(form, sender, "", "uuid:b")  # not placed yet
    set_approval(form_id="plain", needed=True, at=now(), actor=here)
    make_submission(form, sender, OTHER_STREET_COMMUNITY, "uuid:c")
    with pytest.raises(FormConcernsOtherAreas):
        set_approval(form_id="plain", needed=False, at=now(), actor=here)
    set_approval(form_id="plain", needed=False, at=now(), actor=everywhere)


def test_nobody_waits_for_anothers_form_with_a_key_or_a_draft(here, there):
    """A key that is made before the form is published would be carried by it."""
    services.rotate_key(form_id="plain", passphrase="of there only", at=now(), publisher=there)
    with pytest.raises(FormConcernsOtherAreas):
        publish(here)
    assert not Form.objects.exists()


def test_a_dropped_draft_leaves_the_form_id_to_others(here, there):
    drafts.save(workbook=workbook(1), filename="f", form_id=None, author=there, at=now())
    with pytest.raises(FormConcernsOtherAreas):
        drafts.save(workbook=workbook(1), filename="f", form_id=None, author=here, at=now())
    assert FormDraft.objects.get().saved_by == there
    drafts.drop(form_id="plain", actor=there)
    publish(here)


def test_a_key_belongs_to_the_form_that_carried_it_first(here, there):
    """Its public half is no secret: another form that carries it takes nothing away."""
    first = publish(here)
    private = encryption.make_private_key()
    key = keys.carried(encryption.as_text(encryption.public_bytes(private)))
    first.versions.update(encryption_key=key)
    other = services.publish(
        workbook=xlsforms.workbook(PLAIN.replace("| plain |", "| other |")),
        filename="f.xlsx", publisher=there, validate=False,
    )  # fmt: skip
    other.encryption_key = key
    other.save()
    assert authority.form_of_key(key) == "plain"
    authority.require_key(here, key)
    with pytest.raises(FormConcernsOtherAreas):
        authority.require_key(there, key)


def test_forms_of_before_belong_to_everyone(here):
    form = publish(here)
    FormHome.objects.all().delete()
    assert authority.concerned(["plain"]) == {"plain": {"", STREET}}
    assert blobs.read(form.current_version.workbook_sha256) == workbook(1)
