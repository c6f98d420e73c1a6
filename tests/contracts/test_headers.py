"""What browsers may do with an answer: every address of every door, as its door's caller and as a stranger."""

from __future__ import annotations

import base64
import re
import time
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client

from server.core.clock import now
from server.ops.content import FILE_POLICY, FORM_POLICY, PAGE_POLICY, SHOWN
from tests.conftest import STREET
from tests.factories.addresses import Address, every_address
from tests.factories.permits import permitted
from tests.factories.samples import QUERIES, every_sample

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
STRANGERS = ("GET", "POST")
SHOWS_NOTHING = frozenset(
    {
        "/healthz",  # no worker runs beside the tests
        "/api/",
        "/api/v1/",
        "/v1",
        "/v1/",
        "/key/%(token)s/view/submissionList",  # not for phones
        "/key/%(token)s/view/downloadSubmission",
        "/key/%(token)s/view/files/%(form)s/%(instance)s/%(filename)s",
        "/odk/submission",
        "/key/%(token)s/submission",
        "/v1/test/%(token)s/projects/1/forms/%(form)s/draft/submission",
        "/odk/upload",
        "/key/%(token)s/upload",
        "/api/v1/field-accounts/%(id)s/",
        "/api/v1/bulletins/%(area_code)s/",
        "/api/v1/rules/preview/",  # by POST alone
        "/api/v1/division-changes/preview/",  # by POST alone
        "/v1/projects/1/app-users/%(actor)s",
        "/v1/projects/1/datasets/%(name)s/properties",
        "/v1/projects/1/forms/%(form)s/assignments/%(role)s/%(actor)s",
        "/v1/projects/1/forms/%(form)s/draft/attachments/%(name)s",
        "/exceptions/%(number)s/reopen",
        "/login/office",
        "/login/office/callback",  # only on the way back from an identity provider
        "/login/second-factor",  # only between the two steps of a log-in
        "/account/confirm",  # by the app, once there is one
        "/account/confirm/key",
        "/account/second-factor/app/add",
        "/account/second-factor/keys/%(pk)s/name",
        "/account/second-factor/keys/%(pk)s/remove",
        "/permits/new",
        "/permits/%(number)s",
    }
)
"""Addresses that no GET answers with something, besides those for acts: `is_act`."""
ACTS = re.compile(
    "audience|open|review|upload|dismiss|reopen|repair|replay|find|reveal|resolve|codes?|lost|revoke"
    "|grant|password|end-sessions|give-role|take|end|end-others|new|reset-factors|reset-second-factors"
    "|sessions|publish|logout|language|decision|download|undo|state|approval|files|restore|delete"
    "|erase|dossier|consent|refuse|withdraw|link|unlink|correct|void|move|same|not-same|acts?|change|set-up"
    "|comment|file|start|send-back|suggest|hand-over|call-list|send|bulk-delete|bulk-restore"
)

PAPER = settings.BASE_DIR / "server/reports/templates/reports/paper.html"
"""Drawn as PDF here, shown to no browser."""
FORM_PAGE = re.compile("/enter/[^/]+")
"""The page that fills in a form; neither what it fetches nor where it sends."""


def is_act(address: Address) -> bool:
    """Whether the address is one to send something to, by its last word."""
    words = [word for word in address.template.split("/") if word and not word.startswith("%")]
    words = words or [""]
    return ACTS.fullmatch(words[-1]) is not None


@pytest.fixture
def samples(divisions, make_user) -> dict[str, str]:
    """Something that exists for each parameter; the files among it hold a script."""
    return every_sample(make_user)


@pytest.fixture
def callers(make_user, samples) -> dict[str, Client]:
    """Who asks below which prefix: an administrator, by what that door takes; "" is the console's session."""
    user = make_user("admin", role="administrator", area="")
    from server.accounts import tokens
    from server.accounts.models import RoleGrant

    RoleGrant.objects.create(user=user, role="worker", area=STREET)  # for forms at /odk
    RoleGrant.objects.create(user=user, role="restricted", area="")  # for restricted ledgers
    permitted("admin", area="")
    token = tokens.make(user=user, label="tests", days=30, at=now())
    proof = base64.b64encode(f"admin:{token}".encode()).decode()
    session = Client(headers={"accept-language": "en"})
    session.force_login(user)
    confirmed = session.session  # by a code, so that the pages of second factors open
    confirmed["account_authentication_methods_user"] = str(user.pk)
    confirmed["account_authentication_methods"] = [
        {"method": "mfa", "at": time.time(), "reauthenticated": True}
    ]
    confirmed.save()
    set_up_factors(user)
    basic = Client(headers={"authorization": f"Basic {proof}"})
    return {"/api": basic, "/v1": basic, "/odk": basic, "/key": Client(), "": session}


def set_up_factors(user: Any) -> None:
    """An app and recovery codes."""
    from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
    from allauth.mfa.totp.internal.auth import TOTP

    TOTP.activate(user, "A" * 32)
    RecoveryCodes.activate(user)


OTHER_DOORS = ("/api", "/v1", "/key", "/odk", "/healthz")


def ask(client: Client, method: str, path: str) -> tuple[Any, bytes]:
    """The answer and its body; what the request did is undone, the log-in too."""
    cookies = client.cookies.copy()
    query = QUERIES.get(path.rsplit("/", 2)[-2 if path.endswith("/") else -1], "")
    undone = transaction.atomic()
    undone._from_testcase = True  # type: ignore[attr-defined] # durable blocks may stand in it
    with undone:
        response = client.generic(method, path + query, secure=True)
        body = b"".join(response.streaming_content) if response.streaming else response.content
        transaction.set_rollback(True)
    client.cookies = cookies
    return response, body


def faults(path: str, response: Any, body: bytes) -> list[str]:
    """What is wrong with the headers of an answer."""
    kind = response.headers.get("Content-Type", "").partition(";")[0]
    policy = response.headers.get("Content-Security-Policy", "")
    disposition = response.headers.get("Content-Disposition", "")
    caching = response.headers.get("Cache-Control", "")
    wrong = []
    if response.headers.get("X-Content-Type-Options") != "nosniff":
        wrong.append("may be sniffed")
    is_page = kind == "text/html" and not path.startswith(OTHER_DOORS)
    if kind == "text/html" and (response.streaming or (body and not is_page)):
        wrong.append("a file or another door answers with a page")
    page_policy = FORM_POLICY if FORM_PAGE.fullmatch(path) else PAGE_POLICY
    if policy != (page_policy if is_page else FILE_POLICY):
        wrong.append(f"policy {policy}")
    has_body = response.status_code < 300 and response.status_code != 204
    is_shown = kind in SHOWN and not response.streaming
    if has_body and not is_page and not is_shown and not disposition.startswith("attachment"):
        wrong.append(f"{kind} is shown")
    if b"canary()" in body and (is_page or not disposition.startswith("attachment")):
        wrong.append("a file from outside is shown")
    if b"canary()" in body and kind in ("text/html", "image/svg+xml", "application/xhtml+xml"):
        wrong.append(f"a file from outside is called {kind}")
    if "no-store" not in caching and not caching.startswith(("private", "no-cache, private")):
        wrong.append(f"caching {caching}")
    if path.startswith("/api") and caching != "no-store":
        wrong.append(f"caching {caching}")
    return wrong


def test_no_answer_is_run_kept_or_framed_by_a_browser(samples, callers):
    wrong, silent, n_scripts = [], set(), 0
    for address in every_address():
        path = address.filled(samples)
        prefix = next(prefix for prefix in callers if path.startswith(prefix))
        statuses = {}
        for client, methods in ((callers[prefix], METHODS), (Client(), STRANGERS)):
            for method in methods:
                response, body = ask(client, method, path)
                statuses[method] = min(response.status_code, statuses.get(method, 999))
                n_scripts += b"canary()" in body
                wrong += [f"{method} {path}: {fault}" for fault in faults(path, response, body)]
        if statuses["GET"] >= 300 and not is_act(address) and address.template not in SHOWS_NOTHING:
            silent.add((address.template, statuses["GET"]))
    assert wrong == []
    assert silent == set(), "nothing was seen there: give a sample, or say that nothing is shown"
    assert n_scripts >= 10, "the files from outside were asked for"


def test_files_are_not_given_to_a_browsers_session_at_rest(samples, make_user):
    """Whoever follows a link brings the console's session along; a program sends its password."""
    client = Client(headers={"accept-language": "en"})
    client.force_login(make_user("staff", role="administrator", area=""))
    files = [
        address.filled(samples)
        for address in every_address()
        if re.search(
            r"/api/.*/(xml|attachments/%\(name\)s|export|workbook|xform)/$", address.template
        )
    ]
    assert len(files) == 5
    for path in files:
        response, body = ask(client, "GET", path)
        assert (response.status_code, response.json()["type"]) == (
            403,
            "urn:ruhu:problem:not-by-link",
        )
        assert b"canary()" not in body


def test_pages_name_no_inline_script_style_or_handler():
    """The console's policy would keep them from running; a page that needs one is broken."""
    inline = re.compile(
        r"<style|\sstyle=|<script(?![^>]*\ssrc=)|\son[a-z]+=|javascript:|hx-on|hx-vals=.js", re.I
    )
    for folder in (settings.BASE_DIR / "server").rglob("templates"):
        for template in set(folder.rglob("*.html")) - {PAPER}:
            assert not inline.search(template.read_text()), template
    assert "unsafe" not in PAGE_POLICY
    scripts = [part for part in FORM_POLICY.split("; ") if part.startswith("script-src")]
    assert scripts == ["script-src 'self' 'wasm-unsafe-eval'"]
    assert {"form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"} <= set(
        PAGE_POLICY.split("; ")
    )


def test_static_files_keep_their_caching_and_are_not_sniffed(settings):
    (settings.STATIC_ROOT / "page.mjs").write_text("export {}")
    response = Client().get("/static/page.mjs")
    assert b"".join(response.streaming_content) == b"export {}"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Security-Policy"] == PAGE_POLICY
    assert "no-store" not in response.headers["Cache-Control"]
    assert "Content-Disposition" not in response.headers
