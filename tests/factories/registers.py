"""Forms of retired persons, petitions, matters at employers and consultations, for tests."""

from __future__ import annotations

from typing import Any

from tests.factories.ledgers import PERSON_COLUMNS, form_mapping, questions_at

RETIREE = form_mapping(
    [
        {"ledger": "person", "at": "/data", "repeat": False, "keys": ["id", "id_no"], "links": {}},
        {
            "ledger": "retiree",
            "at": "/data",
            "repeat": False,
            "keys": ["id"],
            "links": {"person": 0},
        },
        {
            "ledger": "retiree_change",
            "at": "/data",
            "repeat": False,
            "keys": ["retiree+change_kind+change_on"],
            "links": {"retiree": 1},
        },
        {
            "ledger": "dependant",
            "at": "/data/members",
            "repeat": True,
            "keys": ["retiree+name"],
            "links": {"retiree": 1},
        },
    ],
    {
        "/data/person_id": [[0, "id", "entry_id", ""]],
        "/data/household_id": [[1, "id", "entry_id", ""]],
        **questions_at("/data/person", 0, PERSON_COLUMNS),
        **questions_at(
            "/data/household",
            1,
            {"retired_on": "date", "is_party": "boolean", "special": "codes:SPR", "qual_on": "date"}
            | {"state": "code:ST15", "funeral_claim": "code:AP"},
        ),
        **questions_at("/data/visit", 2, {"change_kind": "code:RC", "change_on": "date"}),
        **questions_at("/data/members", 3, {"name": "name", "relation": "code:REL"}),
    },
)
"""A retired person: `household` holds what is stated of the retirement, `visit` the change, `members` the relatives."""
REGISTERS = form_mapping(
    [
        {"ledger": "petition", "at": "/data", "repeat": False, "keys": ["id"], "links": {}},
        {"ledger": "inspection", "at": "/data", "repeat": False, "keys": ["id"], "links": {}},
        {
            "ledger": "consultation",
            "at": "/data",
            "repeat": False,
            "keys": ["instance"],
            "links": {},
        },
    ],
    {
        "/data/household_id": [[0, "id", "entry_id", ""]],
        "/data/person_id": [[1, "id", "entry_id", ""]],
        **questions_at(
            "/data/household",
            0,
            {
                "received_on": "date",
                "topic": "code:PT",
                "channel": "code:CHP",
                "n_people": "integer",
            }
            | {"accepted_on": "date", "result": "code:PR", "state": "code:ST16"},
        ),
        **questions_at(
            "/data/person",
            1,
            {"found_on": "date", "kind": "code:DK17", "n_workers": "integer", "amount": "decimal"}
            | {"issue": "codes:IS", "mediation": "code:MD", "state": "code:ST17"}
            | {"action": "text", "outcome": "text"},
        ),
        **questions_at(
            "/data/visit",
            2,
            {"held_on": "date", "topic": "code:CTP", "mode": "code:VM", "audience_n": "integer"}
            | {"handed_out_n": "integer"},
        ),
    },
)
"""Petitions in `household`, matters at employers in `person`, consultations in `visit`."""
POSTS = form_mapping(
    [
        {"ledger": "vacancy", "at": "/data", "repeat": False, "keys": ["id"], "links": {}},
        {"ledger": "person", "at": "/data", "repeat": False, "keys": ["id", "id_no"], "links": {}},
        {
            "ledger": "offer",
            "at": "/data",
            "repeat": False,
            "keys": ["person+vacancy+offered_on"],
            "links": {"person": 1, "vacancy": 0},
        },
    ],
    {
        "/data/household_id": [[0, "id", "entry_id", ""]],
        "/data/person_id": [[1, "id", "entry_id", ""]],
        **questions_at(
            "/data/household",
            0,
            {"title": "name", "occupation": "code:OCC", "n_wanted": "integer", "expires_on": "date"}
            | {"is_public_welfare": "boolean", "welfare_kind": "code:PW", "state": "code:ST7"},
        ),
        **questions_at("/data/person", 1, PERSON_COLUMNS),
        **questions_at(
            "/data/visit",
            2,
            {"offered_on": "date", "state": "code:ST8", "hired_on": "date", "left_on": "date"}
            | {"left_reason": "code:UR"},
        ),
    },
)
"""A vacancy in `household`, a person in `person`, an offer of the one to the other in `visit`."""


def _of_person(ledger: str, columns: dict[str, str]) -> dict[str, Any]:
    """A form with a person in `person` and an entry of a register about the person in `household`."""
    links = {"person": 0} if ledger else {}
    records = [
        {"ledger": "person", "at": "/data", "repeat": False, "keys": ["id", "id_no"], "links": {}},
        {"ledger": ledger, "at": "/data", "repeat": False, "keys": ["id"], "links": links},
    ]
    questions = {
        "/data/person_id": [[0, "id", "entry_id", ""]],
        **questions_at("/data/person", 0, PERSON_COLUMNS),
    }
    if columns:
        questions["/data/household_id"] = [[1, "id", "entry_id", ""]]
        questions |= questions_at("/data/household", 1, columns)
    return form_mapping(records if ledger else records[:1], questions)


SERVICES = {
    "person": _of_person("", {}),
    "certificate": _of_person(
        "certificate",
        {"cert_type": "code:CTY", "basis": "code:CB", "applied_on": "date", "issued_on": "date"}
        | {"notice_from": "date", "notice_to": "date", "cert_no": "text", "state": "code:ST13"}
        | {"initial_reason": "text", "revoked_reason": "code:CR"},
    ),
    "policy": _of_person(
        "policy",
        {"policy_type": "code:PO", "policy_from": "date", "policy_to": "date"}
        | {"policy_amount": "decimal"},
    ),
    "loan": _of_person(
        "loan",
        {"project": "text", "amount_asked": "decimal", "granted_amount": "decimal"}
        | {"due_on": "date", "state": "code:ST14"},
    ),
    "training": _of_person(
        "training",
        {"kind": "code:TK", "course": "text", "start_on": "date", "cert_no": "text"}
        | {"state": "code:ST12"},
    ),
    "transfer": _of_person(
        "transfer",
        {"start_on": "date", "dest_kind": "code:DK", "organised_by": "code:OB"}
        | {"returned_on": "date"},
    ),
}
"""Form → its mapping, for what is done for a person."""
MARKET = form_mapping(
    [
        {"ledger": "employer", "at": "/data", "repeat": False, "keys": ["id"], "links": {}},
        {
            "ledger": "vacancy",
            "at": "/data",
            "repeat": False,
            "keys": ["id"],
            "links": {"employer": 0},
        },
        {"ledger": "person", "at": "/data", "repeat": False, "keys": ["id", "id_no"], "links": {}},
        {
            "ledger": "offer",
            "at": "/data",
            "repeat": False,
            "keys": ["person+vacancy+offered_on"],
            "links": {"person": 2, "vacancy": 1},
        },
    ],
    {
        "/data/employer_id": [[0, "id", "entry_id", ""]],
        "/data/household_id": [[1, "id", "entry_id", ""]],
        "/data/person_id": [[2, "id", "entry_id", ""]],
        **questions_at(
            "/data/visit", 0, {"name": "name", "industry": "code:IND", "econ_type": "code:ET"}
        ),
        **questions_at(
            "/data/household",
            1,
            {"title": "name", "occupation": "code:OCC", "n_wanted": "integer", "expires_on": "date"}
            | {"edu_min": "code:EDU", "skill_min": "code:SK", "age_max": "integer"}
            | {"state": "code:ST7"},
        ),
        **questions_at(
            "/data/person",
            2,
            {**PERSON_COLUMNS, "skill_grade": "codes:SK", "graduated_on": "date"}
            | {"hukou_area": "area"},
        ),
        **questions_at(
            "/data/visit",
            3,
            {"offered_on": "date", "state": "code:ST8", "hired_on": "date", "left_on": "date"}
            | {"left_reason": "code:UR"},
        ),
    },
)
"""An employer in `visit`, a vacancy in `household`, a person in `person`, an offer of the one to the other in `visit`."""
FORMS = {"market": MARKET, "retiree": RETIREE, "registers": REGISTERS, "posts": POSTS, **SERVICES}
