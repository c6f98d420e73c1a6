"""Records out of instance documents."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from server.core import xml
from server.ledgers.definitions import normalise
from server.ledgers.identity.keys import Key
from server.ledgers.intake import extract
from server.ledgers.intake.extract import records
from tests.factories.ledgers import FORMS, Filled, id_number
from tests.factories.ledgers import member as line
from tests.samples import xlsforms
from tests.samples.instances import instance
from tests.unit.test_mapping import compiled

TODAY = date(2026, 11, 23)
ID = "449901196501010016"
ID_X = "44990119650101018X"
HOUSEHOLD_ID = "7d9f2c1e-5b7a-4c55-9f0e-1a2b3c4d5e6f"
MEMBER_ID = "11111111-2222-4333-8444-555555555555"
INSTANCE_ID = "uuid:0b7c2b9a-7a52-4c3c-9a3e-2f6d1a5b8c01"
MAPPING = compiled(xlsforms.workbook(xlsforms.HOUSEHOLD))


def household(*members: dict, **answers: object) -> bytes:
    return instance(
        "household",
        "2026112301",
        {
            "visited_at": "2026-11-20T10:30:00.000+08:00",
            "pick": HOUSEHOLD_ID,
            "hh_id": HOUSEHOLD_ID,
            "outcome": "1",
            "place": {
                "loc": "23.1353 113.3448 21.5 4.7",
                "address": "石牌东路1号",
                "area": "440106003001",
            },
            "members": list(members),
            **answers,
        },
        instance_name="石牌东路1号",
    )


def by_ledger(extracted: extract.Extracted, ledger: str) -> list[extract.Record]:
    return [record for record in extracted.records if record.ledger == ledger]


def test_a_household_survey_becomes_its_records():
    extracted = records(
        household(
            {
                "member_id": MEMBER_ID,
                "name": " 张　三 ",
                "id_type": "01",
                "id_no": "44990119650101018ｘ",
                "birth": "",
                "edu": "20",
                "insurance": "2 1",
                "willing": "0",
                "phone": "（020）00001234",
                "work": {"begun_on": "2020-03-01", "land": "1.5"},
            },
            {"name": "李四", "birth": "1970-05-06"},
            signature="1763600000000.png",
        ),
        MAPPING,
        TODAY,
    )
    assert extracted.problems == []
    assert extracted.head == extract.Head(
        area_code="440106003001",
        observed_at=datetime(2026, 11, 20, 2, 30, tzinfo=UTC),
        loc=[113.3448, 23.1353, 21.5, 4.7],
        instance_name="石牌东路1号",
        instance_id=INSTANCE_ID,
    )
    place, first, second, visit = (
        extracted.records[0],
        *by_ledger(extracted, "person"),
        *by_ledger(extracted, "visit"),
    )
    assert (place.ledger, place.path, place.keys) == (
        "household",
        "/data",
        (Key("id", HOUSEHOLD_ID),),
    )
    assert place.values == {
        "loc": [113.3448, 23.1353, 21.5, 4.7],
        "loc_accuracy": "4.70",
        "address": "石牌东路1号",
    }
    assert first.path == "/data/members[1]"
    assert first.keys == (Key("id", MEMBER_ID), Key("id_no", ID_X))
    assert first.links == {"member_of": (Key("id", HOUSEHOLD_ID),)}
    assert first.values == {
        "name": "张三",
        "id_type": "01",
        "id_no": ID_X,
        "birth_date": "1965-01-01",
        "sex": "2",
        "edu": "20",
        "insurance": ["1", "2"],
        "job_willing": False,
        "phone": "020-00001234",
        "spell.start_on": "2020-03-01",
        "land_mu": "1.50",
    }
    assert second.keys == (Key("local", f"{INSTANCE_ID}|/data/members[2]"),)
    assert second.values == {"name": "李四", "birth_date": "1970-05-06"}
    assert visit.keys == (Key("instance", INSTANCE_ID),)
    assert visit.values["signature"] == "1763600000000.png"
    assert visit.values["visited_at"] == "2026-11-20T02:30:00+00:00"
    assert visit.links == {"household": (Key("id", HOUSEHOLD_ID),)}
    assert sorted(record.ordinal for record in extracted.records) == [0, 1, 2, 3]


def test_answers_that_are_no_values_are_noted_without_being_quoted():
    extracted = records(
        household(
            {
                "name": "王五",
                "birth": "1970-02-31",
                "edu": "99",
                "insurance": "1 77",
                "willing": "maybe",
                "work": {"begun_on": "gestern", "land": "viel"},
            },
            visited_at="not a time",
            place={"loc": "0.0 0.0 0 0", "area": "石牌"},
        ),
        MAPPING,
        TODAY,
    )
    assert by_ledger(extracted, "person")[0].values == {"name": "王五"}
    assert extracted.head.observed_at is None
    assert extracted.head.area_code == ""
    assert sorted(set(extracted.problems)) == [
        "bad_area_code /data/place/area",
        "bad_boolean /data/members[1]/willing",
        "bad_code /data/members[1]/edu",
        "bad_codes /data/members[1]/insurance",
        "bad_date /data/members[1]/birth",
        "bad_date /data/members[1]/work/begun_on",
        "bad_decimal /data/members[1]/work/land",
        "bad_instant /data/visited_at",
        "bad_loc /data/place/loc",
        "bad_observed_at /data/visited_at",
        "bad_point /data/place/loc",
    ]


def test_a_wrong_id_number_is_kept_and_flagged_but_is_no_key():
    wrong = ID[:-1] + "7"
    extracted = records(
        household({"name": "王五", "id_type": "01", "id_no": wrong}), MAPPING, TODAY
    )
    person = by_ledger(extracted, "person")[0]
    assert person.values["id_no"] == wrong
    assert person.flags == ("bad_id",)
    assert [key.kind for key in person.keys] == ["local"]
    assert extracted.problems == ["bad_id /data/members[1]"]
    assert wrong not in repr(extracted.problems)


def test_a_15_digit_number_meets_its_18_digit_form():
    short = ID[:6] + ID[8:17]
    extracted = records(
        household({"id_type": "01", "id_no": short}, {"id_type": "01", "id_no": ID}), MAPPING, TODAY
    )
    first, second = by_ledger(extracted, "person")
    assert first.keys == second.keys == (Key("id_no", ID),)
    assert first.values["id_no_15"] == short
    assert "id_no_15" not in second.values


def test_another_document_is_a_key_of_its_own_kind():
    extracted = records(household({"id_type": "05", "id_no": " e1234-567 "}), MAPPING, TODAY)
    person = by_ledger(extracted, "person")[0]
    assert person.keys == (Key("document", "05|E1234567"),)
    assert "birth_date" not in person.values


@pytest.mark.parametrize(
    ("kind", "number"), [("05", "无"), ("05", "000000000"), ("02", "E1234567"), ("99", "E1234567")]
)
def test_what_names_nobody_alone_is_no_key(kind, number):
    extracted = records(household({"id_type": kind, "id_no": number}), MAPPING, TODAY)
    assert [key.kind for key in by_ledger(extracted, "person")[0].keys] == ["local"]


def test_the_number_has_the_last_word_on_birth_date_and_sex():
    extracted = records(household({"id_no": ID, "birth": "1999-09-09"}), MAPPING, TODAY)
    assert by_ledger(extracted, "person")[0].values["birth_date"] == "1965-01-01"


def test_empty_records_are_dropped_and_keys_without_values_only_linked():
    extracted = records(
        instance(
            "household",
            "2026112301",
            {"hh_id": HOUSEHOLD_ID, "outcome": "3", "place": {}, "members": [{}, {"name": " "}]},
        ),
        MAPPING,
        TODAY,
    )
    assert [record.ledger for record in extracted.records] == ["visit"]
    assert extracted.records[0].links == {"household": (Key("id", HOUSEHOLD_ID),)}
    nothing = records(instance("household", "2026112301", {}), MAPPING, TODAY)
    assert nothing.records == []


def test_namespaces_and_unknown_elements_make_no_difference():
    plain = household({"name": "王五"}, unknown={"name": "nobody"})
    spaced = plain.replace(b"<data ", b'<data xmlns="urn:form" ')
    assert records(spaced, MAPPING, TODAY) == records(plain, MAPPING, TODAY)
    root = etree.fromstring(plain)
    root.insert(0, etree.Comment("a comment"))
    assert records(root, MAPPING, TODAY) == records(plain, MAPPING, TODAY)


def test_records_past_the_limit_are_noted_and_left_out(monkeypatch):
    monkeypatch.setattr(extract, "MAX_RECORDS", 3)
    extracted = records(household({"name": "王五"}, {"name": "赵六"}), MAPPING, TODAY)
    assert [record.path for record in extracted.records] == ["/data", "/data", "/data/members[1]"]
    assert extracted.problems == ["too_many_records /data/members[2]"]


def test_what_is_no_xml_is_refused():
    with pytest.raises(xml.BadXml):
        records(b"<data>", MAPPING)


def test_a_combined_key_joins_the_linked_entry_and_the_title():
    mapping = compiled(
        xlsforms.workbook("""
        | survey |
        | | type | name | label | bind::ruhu:saveto | calculation |
        | | text | code | Code | employer.uscc | |
        | | calculate | eid | | employer.id | once(uuid()) |
        | | begin repeat | jobs | Jobs | vacancy | |
        | | text | title | Title | vacancy.title | |
        | | end repeat | | | | |
        | settings |
        | | form_id | form_title | version | namespaces |
        | | f | F | 1 | ruhu="urn:ruhu:xforms" |
        | ledgers |
        | | ledger | at | key | link |
        | | employer | | id uscc | |
        | | vacancy | jobs | employer+title | employer |
        """)
    )
    extracted = records(
        instance(
            "f",
            "1",
            {
                "code": "91110000600037341L",
                "eid": HOUSEHOLD_ID,
                "jobs": [{"title": "保安 Ａ"}, {"title": "保安 a"}, {}],
            },
        ),
        mapping,
        TODAY,
    )
    employer, first, second = extracted.records
    assert employer.keys == (
        Key("id", HOUSEHOLD_ID),
        Key("uscc", "91110000600037341L"),
        Key("org_code", "600037341"),
    )
    assert first.keys == tuple(
        Key("employer+title", "保安 a", (("employer", key),)) for key in employer.keys
    )
    assert second.keys == first.keys
    bad = records(instance("f", "1", {"code": "91110000600037341M"}), mapping, TODAY)
    assert bad.records[0].flags == ("bad_uscc",)
    assert [key.kind for key in bad.records[0].keys] == ["local"]


def test_a_member_without_a_number_is_known_by_home_name_and_birth():
    def keys(**answers):
        filled = Filled(
            household_id=HOUSEHOLD_ID, household={"address": "x"}, members=[line(**answers)]
        )
        extracted = records(filled.xml("uuid:1"), FORMS["survey_by_name"], TODAY)
        (person,) = by_ledger(extracted, "person")
        return [key for key in person.keys if key.owners]

    (known,) = keys(birth_date="2016-03-04", name="陈 小")
    owners = (("household", Key("id", HOUSEHOLD_ID)),)
    assert known == Key("member_of+name+birth_date", "陈小|2016-03-04", owners)
    assert keys(birth_date="2016-03-05", name="陈 小") != [known]
    assert keys(name="陈 小") == keys(birth_date="2016-03-04", name="") == []
    number = id_number("2016-03-04", 1)
    assert keys(id_no=number, name="陈 小") == []
    assert keys(id_no=number[:-1] + "0", birth_date="2016-03-04", name="陈 小") == [known]


_names = st.text(
    st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=20
)
_members = st.fixed_dictionaries(
    {"name": _names, "edu": st.sampled_from(["10", "20"])},
    optional={
        "birth": st.dates(date(1930, 1, 1), date(2020, 1, 1)).map(str),
        "willing": st.sampled_from(["0", "1"]),
        "insurance": st.sets(st.sampled_from("12"), min_size=1).map(" ".join),
    },
)


@settings(deadline=None)  # a busy machine is no fault
@given(st.lists(_members, max_size=5))
def test_what_was_built_is_what_is_extracted(members):
    extracted = records(household(*members), MAPPING, TODAY)
    people = by_ledger(extracted, "person")
    assert [person.path for person in people] == [
        f"/data/members[{n}]" for n in range(1, len(members) + 1)
    ]
    for member, person in zip(members, people, strict=True):
        assert person.values.get("name", "") == normalise.name(member["name"])
        assert person.values["edu"] == member["edu"]
        assert person.values.get("birth_date") == member.get("birth")
        assert person.values.get("job_willing") == (
            member["willing"] == "1" if "willing" in member else None
        )
        assert person.values.get("insurance") == (
            sorted(member["insurance"].split()) if "insurance" in member else None
        )


@settings(deadline=None)  # a busy machine is no fault
@given(
    st.recursive(
        st.text(),
        lambda inner: st.dictionaries(
            st.sampled_from(
                [
                    "place",
                    "members",
                    "loc",
                    "name",
                    "id_no",
                    "birth",
                    "work",
                    "land",
                    "hh_id",
                    "meta",
                ]
            ),
            st.one_of(inner, st.lists(inner, max_size=3)),
        ),
        max_leaves=20,
    )
)
def test_no_document_makes_extraction_fail(answers):
    if not isinstance(answers, dict):
        return
    try:
        document = instance("household", "1", answers)
        root = xml.parse(document)
    except xml.BadXml:
        return
    records(root, MAPPING, TODAY)


@pytest.mark.parametrize(
    ("answered", "civil"),
    [
        ("1990-08-14", "1990-10-02"),
        ("1990-08-15", "1990-10-03"),  # the Mid-Autumn Festival of that year
        ("1990-08-16", "1990-10-04"),
        ("1984-01-01", "1984-02-02"),
        ("1984-10-15", "1984-11-07"),  # a tenth month was repeated; the ordinary month counts
        ("1900-01-01", "1900-01-31"),
        ("1899-12-29", "1899-12-29"),  # before the tables begin
        ("1990-04-30", "1990-04-30"),  # that month had 29 days
    ],
)
def test_a_lunar_birthday_becomes_the_civil_day(answered, civil):
    read = records(survey(birth_date=answered, birth_is_lunar="1"), FORMS["survey"], TODAY)
    (person,) = by_ledger(read, "person")
    assert person.values["birth_date"] == civil
    assert person.values["birth_is_lunar"] is True
    is_kept = civil == answered
    assert bool([note for note in read.problems if note.startswith("bad_lunar_day")]) is is_kept
    (plain,) = by_ledger(records(survey(birth_date=answered), FORMS["survey"], TODAY), "person")
    assert plain.values["birth_date"] == answered


def test_an_id_number_overrules_a_lunar_birthday():
    read = records(
        survey(birth_date="1970-03-25", birth_is_lunar="1", id_no=id_number("1970-05-01", 1)),
        FORMS["survey"],
        TODAY,
    )
    (person,) = by_ledger(read, "person")
    assert person.values["birth_date"] == "1970-05-01"


def survey(**answers):
    filled = Filled(
        household_id=HOUSEHOLD_ID, household={"address": "x"}, members=[line(**answers)]
    )
    return filled.xml("uuid:1")
