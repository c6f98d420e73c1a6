"""One of two streets whose every text, name, file and number says whose it is, and the survey that it fills in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from server.core.codes import code_lists
from server.submissions.answers import FILE_TYPES
from tests.factories.console import _item

FORM: Final = "household_survey"


@dataclass
class Side:
    """One street."""

    tag: str  # in every text, name and file of the side
    area: str
    lon: float
    sealed_no: str  # in every sealed column and in the question that is saved to one
    typed_no: str  # typed into every free text
    worker: Any = None
    account: Any = None
    token: str = ""
    entries: dict[str, dict[str, Any]] = field(default_factory=dict)  # ledger → own, joined → entry
    submission: Any = None
    version: Any = None
    files: dict[str, Any] = field(default_factory=dict)  # file type → attachment
    item: Any = None
    unreadable: Any = None
    exceptions: list[Any] = field(default_factory=list)
    act: Any = None
    deletion: Any = None
    link: Any = None  # of its own person with the other side's
    erasure: Any = None
    permit: Any = None
    renamed: Any = None  # an undone change of its division's name
    imported: Any = None  # an old ledger that it has uploaded
    filing: Any = None  # a report that it has submitted
    rule: Any = None  # a value of the rule table that it has decided
    tree: Any = None  # an entity of a list of the office's own

    @property
    def instance_id(self) -> str:
        return f"uuid:{self.tag}-1"

    def canaries(self) -> set[bytes]:
        """What no reader of another area may get: the tag, and the uuids of all entries."""
        keys = {str(row.pk) for rows in self.entries.values() for row in rows.values()}
        keys.add(str(self.tree.uuid))
        return {text.lower().encode() for text in (self.tag, *keys)}


def mapping() -> dict[str, Any]:
    """The mapping of a survey with a sealed, a coded, a restricted column, and a restricted group."""
    person = {"ledger": "person", "at": "/data/members", "repeat": True, "keys": [], "links": {}}
    columns = {"name": "name", "id_no": "id_no", "health": "code", "disability": "codes"}
    lists = {"health": "HL", "disability": "DIS"}
    return {
        "format": 1, "digest": "", "root": "data", "head": {"area_code": "/data/community_code"},
        "repeats": ["/data/members"], "records": [person], "restricted": ["/data/concern"],
        "questions": {
            f"/data/members/{name}": [[0, name, conversion, lists.get(name, "")]]
            for name, conversion in columns.items()
        },
    }  # fmt: skip


def questions() -> dict[str, Any]:
    """Its questions: a file of each kind besides."""
    files = [
        {**_item(f"/data/file_{kind}", "question", kind, kind, 0), "type": kind}
        for kind in sorted(FILE_TYPES)
    ]
    lists = ("HL", "HS", "DIS")
    return {
        "items": [
            *files,
            _item("/data/remark", "question", "备注", "Remark", 0),
            {**_item("/data/hardship", "question", "困难", "Hardship", 0, "HS"), "type": "select_multiple"},
            _item("/data/concern", "group", "关注", "Concern", 0),
            _item("/data/concern/mood", "question", "情绪", "Mood", 1),
            _item("/data/members", "repeat", "成员", "Members", 0),
            _item("/data/members/name", "question", "姓名", "Name", 1),
            _item("/data/members/id_no", "question", "身份证号码", "ID number", 1),
            _item("/data/members/health", "question", "健康", "Health", 1, "HL"),
            _item("/data/members/disability", "question", "残疾", "Disability", 1, "DIS"),
        ],
        "choices": {
            name: {code: {"zh": label.zh, "en": label.en} for code, label in code_lists()[name].codes.items()}
            for name in lists
        },
    }  # fmt: skip


def document(side: Side, instance_id: str, *, restricted: bool, edits: str = "") -> bytes:
    """The side's survey; without restricted facts it holds what others see in their place."""
    files = "".join(
        f"<file_{kind}>{file_name(side, kind)}</file_{kind}>" for kind in sorted(FILE_TYPES)
    )
    concern = "<concern><mood>despair</mood></concern>" if restricted else ""
    ill = "<health>6</health><disability>4</disability>" if restricted else "<health/>"
    deprecated = f"<deprecatedID>{edits}</deprecatedID>" if edits else ""
    return (
        f'<data id="{FORM}" version="2026112001">{files}'
        f"<remark>{side.tag} remark {edits and 'edited'} {side.typed_no}</remark>"
        f"<hardship>{'1 2' if restricted else '1 9'}</hardship>{concern}"
        f"<members><name>{side.tag} member</name><id_no>{side.sealed_no}</id_no>{ill}</members>"
        f"<meta><instanceID>{instance_id}</instanceID>{deprecated}"
        f"<instanceName>{side.tag} title</instanceName></meta></data>"
    ).encode()


def file_name(side: Side, kind: str) -> str:
    """The name of the side's file of a kind."""
    return (
        "audit.csv"
        if kind == "audit"
        else f"{side.tag}-{kind}.{'jpg' if kind == 'image' else kind}"
    )
