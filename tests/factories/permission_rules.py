"""Every operation of REST, with who may do it and what each other role gets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from server.ledgers.definitions.columns import Kind
from server.ledgers.definitions.ledgers import DEFINITIONS
from server.ledgers.reading.masking import is_maskable
from tests.conftest import STREET
from tests.factories.roles import BLIND, PUBLISHERS, READERS, STAFF


@dataclass(frozen=True, slots=True)
class Rule:
    """An operation on something in the first street, and what each gets who asks for it."""

    method: str
    path: str
    may: frozenset[str]
    allowed: int  # with one of the roles, in that street
    denied: int  # a reader of that street without them
    blind: int  # who may see nothing at all
    outside: int  # with one of the roles, in another street
    body: Any = None

    def expected(self, role: str) -> int:
        if role in self.may:
            return self.allowed
        return self.blind if role in BLIND else self.denied


def lists(name: str) -> Rule:
    """There for everyone who has logged in; holds what each may see."""
    return Rule("get", f"/{name}/", READERS | BLIND, 200, 200, 200, 200)


def look(path: str, may: frozenset[str] = READERS, **changes: Any) -> Rule:
    """One thing of the street: for those who may not see it, it is not there."""
    statuses = {"allowed": 200, "denied": 403, "blind": 404, "outside": 404, **changes}
    return Rule("get", path, may, **statuses)


def act(method: str, path: str, allowed: int, body: Any = None, **changes: Any) -> Rule:
    """Something the desk of the street does."""
    statuses = {"denied": 403, "blind": 404, "outside": 404, **changes}
    return Rule(method, path, STAFF, allowed, body=body, **statuses)


def publish(method: str, path: str, allowed: int, body: Any = None, outside: int = 403) -> Rule:
    """Something done to the street's form, for administrators of all its areas; 403, for the form itself is no secret."""
    return Rule(method, path, PUBLISHERS, allowed, 403, 403, outside, body)


def administer(
    path: str, allowed: int, body: Any = None, *, outside: int = 404, method: str = "post"
) -> Rule:
    """Something done about a person of the street, for the street's administrators."""
    return Rule(method, path, PUBLISHERS, allowed, 403, 403, outside, body or {})


BECAUSE = "核对身份证件"
RENAME = {
    "division": "440106003001",
    "name": "新社区",
    "takes_effect_on": "2026-01-01",
    "reason": BECAUSE,
    "evidence": "1",
}
PERMIT = "/export-permits/{export-permits}/"
LEDGERS = {definition.path: definition for definition in DEFINITIONS.values()}
SEALED = {
    path: next(
        (column.name for column in definition.columns.values() if column.kind is Kind.SEALED), ""
    )
    for path, definition in LEDGERS.items()
}
SEALED = {path: column for path, column in SEALED.items() if column}
MASKED = {
    path: next((name for name, column in definition.columns.items() if is_maskable(column)), "")
    for path, definition in LEDGERS.items()
}


MORE_OF = {"persons": ("why/", "vacancies/"), "vacancies": ("seekers/",)}
SUGGESTED = {"persons": "vacancy", "vacancies": "person"}
OTHER_PATH = {"persons": "vacancies", "vacancies": "persons"}


def of_ledger(method: str, path: str, *, allowed: int = 200, body: Any = None) -> Rule:
    """Something of an entry: for readers to read, for the desk to do; of a restricted ledger for none of these roles."""
    definition = LEDGERS[path.split("/")[1]]
    who = READERS if method == "get" else STAFF
    if definition.is_restricted:
        return Rule(method, path, frozenset(), allowed, 404, 404, 404, body)
    return Rule(method, path, who, allowed, 403, 404, 404, body)


def _of_entries() -> Iterator[Rule]:
    for path, definition in LEDGERS.items():
        one = f"/{path}/{{{path}}}/"
        parts = ("", "origins/", "history/", *MORE_OF.get(path, ()))
        for part in parts:
            yield of_ledger("get", one + part)
        if MASKED[path]:
            body = {"columns": [MASKED[path]], "reason": BECAUSE}
            yield of_ledger("post", f"{one}reveal/", body=body)
        if path in SEALED:
            column = SEALED[path]
            asked = {"column": column, "value": "0", "reason": BECAUSE}
            may = frozenset() if definition.is_restricted else STAFF
            # In their own street, nobody has it.
            yield Rule("post", f"/{path}/find/", may, 200, 403, 403, 200, asked)
        if definition.machines:
            yield of_ledger("get", f"{one}moves/")
            nowhere = {"to": "none", "reason": BECAUSE}
            yield of_ledger("post", f"{one}moves/", allowed=409, body=nowhere)
        if definition.machines or not definition.part_of:
            yield of_ledger("get", f"{one}acts/")
            yield Rule("post", f"{one}acts/0/undo/", STAFF, 404, 404, 404, 404)
        if not definition.part_of:
            wrong = {"column": "none", "value": "1", "reason": BECAUSE}
            yield of_ledger("post", f"{one}correct/", allowed=422, body=wrong)
            yield of_ledger("post", f"{one}void/", allowed=201, body={"reason": BECAUSE})
        if path in SUGGESTED:
            nobody_suits = {SUGGESTED[path]: f"{{{OTHER_PATH[path]}}}", "reason": BECAUSE}
            yield of_ledger("post", f"{one}suggest/", allowed=409, body=nobody_suits)
        if path in ("persons", "households", "employers"):
            yield of_ledger("get", f"{one}candidates/")
            itself = {"other": f"{{{path}}}", "reason": BECAUSE}
            yield of_ledger("post", f"{one}same/", allowed=409, body=itself)
            yield of_ledger("post", f"{one}not-same/", allowed=409, body=itself)


FORM, SUBMISSION = "/forms/household_survey/", "/submissions/{submissions}/"
KEY = "/encryption-keys/{encryption-keys}/"
IMPORT = "/imports/{imports}/"
FILING = "/reports/filings/{filings}/"
RULE = {
    "key": "visit_attempts",
    "area": STREET,
    "value": "4",
    "since": "2026-01-01",
    "reason": "核对",
}
WHY = {"cause": "error", "reason": "核对"}
RULES = (
    *map(
        lists,
        (
            "forms",
            "submissions",
            *LEDGERS,
            "exceptions",
            "links",
            "bulletins",
            "rules",
            "imports",
            "divisions",
            "division-changes",
            "field-accounts",
            "phone-settings",
            "users",
            "audit",
            "deletions",
            "erasures",
            "export-permits",
            "reports",
            "visits/due",
        ),
    ),
    act(
        "post",
        "/visits/due/hand-over/",
        200,
        {"visits": ["{cases}"], "worker": "xie", **WHY},
        blind=403,
        outside=422,
    ),
    look(f"/reports/R2/?area={STREET}000&period=2026Q1"),
    look(f"/reports/R2/entries/?area={STREET}000&period=2026Q1&row=total&column=people"),
    look(f"/reports/filings/?area={STREET}000&period=2026Q1"),
    act(
        "post",
        "/reports/filings/",
        201,
        {"report": "R2", "area": f"{STREET}000", "period": "2026Q1"},
    ),
    look(FILING),
    look(f"{FILING}correction/"),
    look(f"{FILING}sum/"),
    act("post", f"{FILING}acts/", 200, {"act": "withdraw", "reason": BECAUSE}),
    look("/users/wu/", PUBLISHERS, denied=404),
    administer(
        "/users/", 201, {"username": "ke", "role": "street", "areas": [STREET]}, outside=403
    ),
    administer("/users/wu/grant/", 200, {"role": "restricted", "area": STREET}, outside=403),
    administer("/users/wu/revoke/", 200, {"role": "street", "area": STREET}),
    administer("/users/wu/password/", 201),
    administer("/users/wu/end-sessions/", 200),
    administer("/users/wu/reset-second-factors/", 200),
    Rule("get", "/users/wu/sign-in/", PUBLISHERS, 200, 403, 403, 404),
    administer("/users/wu/sign-in/", 200, {"subject": "s-2"}, method="put"),
    administer("/users/wu/sign-in/", 204, method="delete"),
    administer("/users/wu/", 200, {"active": False}, method="patch"),
    *_of_entries(),
    look(SUBMISSION),
    look(f"{SUBMISSION}attachments/"),
    look(f"{SUBMISSION}attachments/door.jpg/", STAFF),
    look(f"{SUBMISSION}decisions/"),
    look(f"{SUBMISSION}comments/"),
    look(f"{SUBMISSION}xml/?reason=look", STAFF),
    act("post", f"{SUBMISSION}review/", 201, {"state": "approved"}),
    look(f"{SUBMISSION}send-back/"),
    act("post", f"{SUBMISSION}send-back/", 409, {"answers": ["/data/outcome"], **WHY}),  # no phone
    act("post", f"{SUBMISSION}send-back/withdraw/", 409),  # nothing waits
    act("delete", f"{SUBMISSION}?reason=look", 204),
    look("/deletions/{deletions}/"),
    act("post", "/deletions/{deletions}/restore/", 200),
    Rule("post", "/erasures/", PUBLISHERS, 201, 403, 404, 404, {"person": "{persons}", **WHY}),
    look("/erasures/{erasures}/", PUBLISHERS, denied=404),
    Rule("post", "/erasures/{erasures}/consent/", PUBLISHERS, 200, 404, 404, 404),
    Rule("post", "/erasures/{erasures}/refuse/", PUBLISHERS, 200, 404, 404, 404),
    act("post", "/persons/{persons}/dossier/", 200, {"reason": BECAUSE}),
    lists("quarantine"),
    Rule("get", "/quarantine/kept-out/", READERS | BLIND, 200, 200, 200, 200),
    Rule("get", "/quarantine/elsewhere/", READERS | BLIND, 200, 200, 200, 200),
    Rule(
        "post",
        "/quarantine/replay/",
        STAFF,
        200,
        403,
        403,
        200,
        {"reason": "form-closed"},
    ),
    look("/quarantine/{quarantine}/", STAFF, denied=404),
    look("/quarantine/{quarantine}/export/?reason=look", STAFF, denied=404),
    act("post", "/quarantine/{quarantine}/replay/", 400, denied=404),  # it is no XML
    act(
        "post",
        "/quarantine/{quarantine}/repair/",
        404,
        {"act": "form_version", "version": "0", "reason": "核对"},
        denied=404,
    ),
    act("post", "/quarantine/{quarantine}/dismiss/", 200, {"reason": "核对"}, denied=404),
    act("post", "/quarantine/{quarantine}/reopen/", 200, {"reason": "核对"}, denied=404),
    look("/exceptions/{exceptions}/"),
    act("post", "/exceptions/{exceptions}/resolve/", 200, {"note": "核对"}),
    act("post", "/exceptions/{exceptions}/undo/", 409),  # it is open
    look("/links/{links}/"),
    look("/links/{links}/acts/"),
    look("/links/{links}/facts/"),
    act("post", "/links/{links}/acts/", 201, {"kind": "two_places", "reason": "核对"}),
    act("post", "/links/{links}/acts/{desk-acts}/undo/", 200),
    look("/divisions/440106003001/"),
    # a street's administrators do not rename it: the county's do (tests/doors/test_division_changes.py)
    Rule("post", "/division-changes/", frozenset(), 201, 403, 404, 404, RENAME),
    Rule("post", "/division-changes/preview/", frozenset(), 200, 403, 404, 404, RENAME),
    Rule(
        "post",
        "/division-changes/{division-changes}/undo/",
        frozenset(),
        200,
        403,
        404,
        404,
        {"reason": BECAUSE},
    ),
    Rule("get", "/phone-settings/440106003/", PUBLISHERS, 200, 404, 404, 404),
    administer(
        "/phone-settings/440106003/", 200, {"deletes_sent": True}, outside=403, method="put"
    ),
    administer("/phone-settings/440106003/", 204, outside=403, method="delete"),
    Rule(
        "put",
        "/bulletins/440106003001/",
        STAFF,
        200,
        404,
        404,
        404,
        {"contact": "", "is_open": False},
    ),
    *(
        Rule("post", f"/rules/{part}", STAFF, status, 403, 403, 403, RULE)
        for part, status in (("", 201), ("preview/", 200))
    ),
    act("post", "/rules/{rules}/withdraw/", 200, {"reason": BECAUSE}),
    Rule("post", "/imports/", STAFF, 400, 403, 403, 400),  # without a file
    *(look(f"{IMPORT}{part}", STAFF, denied=404) for part in ("", "remarks/", "rows/")),
    act("patch", IMPORT, 200, {"as_of": "2024-06-30"}, denied=404),
    act("post", f"{IMPORT}start/", 202, denied=404),
    act("post", f"{IMPORT}undo/", 409, denied=404),  # it was not started
    act("post", f"{IMPORT}restore/", 409, denied=404),
    act("delete", IMPORT, 204, denied=404),
    *(look(f"{FORM}{part}", outside=200) for part in ("", "versions/", "xform/")),
    look(f"{FORM}workbook/", allowed=404),  # its bytes are not among the test's blobs
    publish("post", "/forms/", 400, outside=400),  # without a workbook
    publish("patch", FORM, 200, {"state": "open"}),
    publish("put", f"{FORM}audience/", 200, {"areas": [STREET]}),
    publish("get", "/encryption-keys/", 200, outside=200),
    publish("get", KEY, 200, outside=200),
    publish("post", "/encryption-keys/", 201, {"form": "not_published_yet"}, outside=201),
    publish("post", "/encryption-keys/upload/", 400, {"pem": "-----BEGIN"}, outside=400),
    publish("post", f"{KEY}open/", 409, {"passphrase": "of no use"}),  # it is not here
    act("post", "/field-accounts/codes/", 201, {"usernames": ["xie"]}, blind=403),
    act("post", "/field-accounts/revoke/", 200, {"usernames": ["xie"]}, blind=403),
    act("post", "/field-accounts/", 201, {"username": "xie"}, blind=403),
    act("post", "/field-accounts/lost/", 201, {"username": "xie"}, blind=403),
    act("delete", "/field-accounts/{field-accounts}/", 204, blind=403),
    look(PERMIT, STAFF, denied=404),
    Rule(
        "post",
        "/export-permits/",
        STAFF,
        201,
        403,
        403,
        403,
        {"kind": "ledger", "name": "person", "area": STREET, "reason": BECAUSE, "days": 1},
    ),
    act("post", f"{PERMIT}consent/", 200, denied=404),
    act("post", f"{PERMIT}refuse/", 200, {"note": BECAUSE}, denied=404),
    act("post", f"{PERMIT}withdraw/", 200, {}, denied=404),
)
