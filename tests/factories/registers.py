"""Forms of retired persons, petitions, matters at employers and consultations, for tests."""

from __future__ import annotations

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
FORMS = {"retiree": RETIREE, "registers": REGISTERS, "posts": POSTS}
