"""A county in bulk: made by `insert … select`, so that plans of statements show at size what they cost.

Entries have no records behind them: pages, lists, searches and the statements of merging
meet as many rows as in a county, but a refold would remove them. Nothing is random
between two calls with the same arguments. Names have a county's frequencies: one in ten is
a 陈, one in five hundred has a given name that nobody else has.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models

from server.accounts.models import User
from server.forms.models import Form
from server.geo.models import Division, Level
from server.ledgers.definitions.vocabulary import EntityList, ExceptionKind, Family
from server.ledgers.models import (
    AssistanceCase,
    Employer,
    Household,
    IdentityKey,
    LedgerException,
    ListedEntity,
    Person,
    Spell,
    Vacancy,
    Visit,
)
from server.submissions.models import Submission, SubmissionVersion

COUNTY: Final = "440106"
STREETS: Final = 12
COMMUNITIES: Final = 15
"""Communities of a street."""

_SURNAMES: Final = (
    "陈李黄张梁林刘吴罗杨王何郑叶曾朱谢周钟蔡冯邓潘徐郭邝麦区冼容关卢苏黎莫谭严游伍霍简赵孙胡高马"
)
_GIVEN: Final = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红建国志文海燕玲斌辉俊健荣坚宏波泽宇轩铭钊锐祺楷梓雪梅琳莹慧嘉欣怡诗颖珊家思春晓子乐安宁君秋云"
_ROADS: Final = "棠下荔湾榕树木棉紫荆凤凰玉兰东坑西坪南湾北岭云溪石井松岗长湴沙河龙洞"

_AREA: Final = (
    f"('{COUNTY}' || lpad((n % {STREETS} + 20)::text, 3, '0')"
    f" || lpad((n / {STREETS} % {COMMUNITIES} + 1)::text, 3, '0'))"
)
"""The community of the household number n: neighbours in number lie in different streets."""
_AT: Final = "timestamptz '2026-11-20 02:00+00' - n % 500 * interval '17 hours'"


def _uuid(kind: str, number: str) -> str:
    return f"md5('{kind}' || ({number}))::uuid"


def _letter(letters: str, number: str) -> str:
    return f"substr('{letters}', 1 + (({number}) % {len(letters)})::int, 1)"


def _name(number: str) -> str:
    """A name by number: surnames and given names of a falling frequency."""
    luck = f"(hashint8(({number})::bigint)::bigint & 1048575)"
    surname = f"(power({luck} / 1048576.0, 2) * {len(_SURNAMES)})::int"
    given = f"(hashint8(({number})::bigint + 7)::bigint & 65535)"
    return (
        f"{_letter(_SURNAMES, surname)} || {_letter(_GIVEN, given)}"
        f" || case when {given} / 97 % 3 = 0 then '' else {_letter(_GIVEN, f'{given} / 89')} end"
    )


def fill(*, households: int, submissions: int) -> None:
    """Fill the tables of the ledgers and of the submissions, and let the planner know. A minute for 366,000 households and as many submissions."""
    with connection.cursor() as cursor:
        _divisions()
        for model, rows, values in _ledgers(households):
            cursor.execute(_insert(model, f"generate_series(0, {rows} - 1) n", values))
        if submissions:
            _submissions(submissions)
        for table in connection.introspection.table_names(cursor):
            if table.startswith(("ledgers_", "submissions_", "geo_")):
                cursor.execute(f"analyze {table}")


def _divisions() -> None:
    Division.objects.bulk_create(
        (
            Division(code=code.ljust(12, "0"), level=level, name=name, parent_id=parent)
            for code, level, name, parent in (
                ("44", Level.PROVINCE, "广东省", None),
                ("4401", Level.CITY, "广州市", "440000000000"),
                (COUNTY, Level.COUNTY, "天河区", "440100000000"),
            )
        ),
        ignore_conflicts=True,
    )
    for street in range(20, 20 + STREETS):
        code = f"{COUNTY}{street:03d}"
        places = [(code, Level.STREET, f"第{street}街道", COUNTY)]
        places += [
            (f"{code}{number:03d}", Level.COMMUNITY, f"第{number}社区", code)
            for number in range(1, COMMUNITIES + 1)
        ]
        Division.objects.bulk_create(
            Division(
                code=place.ljust(12, "0"), level=level, name=name, parent_id=parent.ljust(12, "0")
            )
            for place, level, name, parent in places
        )


def _ledgers(households: int) -> list[tuple[type[models.Model], int, Mapping[str, str]]]:
    """Each ledger's model, how many rows it gets, and its columns as expressions of n."""
    people = households * 19 // 6
    home = f"(n * 6 / 19 % {households})"
    area_of_person = _AREA.replace("n ", f"{home} ")
    entry = {"area_code": _AREA, "observed_at": _AT, "verified_level": "2", "row_version": "1"}
    key = {"identity": "''", "office": "''"}
    return [
        (
            Household,
            households,
            {
                **entry,
                "id": _uuid("household", "n"),
                "hh_no": f"{_AREA} || '-' || upper(left(md5('household' || n), 8))",
                "head_person_id": _uuid("person", "n * 19 / 6"),
                "address": f"{_letter(_ROADS, 'n / 7')} || {_letter(_ROADS, 'n / 11')} || '路' || n % 400 || '号'",
                "building": "n % 30 || '栋'",
                "room": "n % 9 + 1 || '0' || n % 6 + 1",
                "n_members": "3",
                "loc": "st_setsrid(st_makepoint(113.3 + n % 1000 * 1e-4, 23.1 + n / 1000 % 1000 * 1e-4), 4326)",
                "assisted_categories": "case when n % 60 = 0 then array['A01'] else '{}' end",
                "last_confirmed_on": f"({_AT})::date",
            },
        ),
        (
            Person,
            people,
            {
                **entry,
                "area_code": area_of_person,
                "id": _uuid("person", "n"),
                "name": _name("n"),
                "household_id": _uuid("household", home),
                "birth_date": "date '1940-01-01' + (n * 37 % 30000)",
                "id_no_hash": "sha256(('id' || n)::bytea)",
                "phone_hash": "sha256(('phone' || n)::bytea)",
                "sex": "(n % 2 + 1)::text",
                "emp_status": "case when n % 40 = 0 then '21' when n % 5 = 0 then '30' else '10' end",
                "is_key": "n % 2000 = 0",
                "is_4050": "n % 80 = 0",
                "refold_on": "date '2027-01-01' + n % 4000",
            },
        ),
        (
            Spell,
            people // 2,
            {
                **entry,
                "id": _uuid("spell", "n"),
                "person_id": _uuid("person", "n * 2"),
                "spell_kind": "'1'",
                "employer_name": f"{_letter(_ROADS, 'n / 7')} || {_letter(_ROADS, 'n / 5')} || '电子厂'",
                "start_on": "date '2020-01-01' + n % 2000",
            },
        ),
        (
            Visit,
            households * 8 // 5,
            {
                **entry,
                "id": _uuid("visit", "n"),
                "household_id": _uuid("household", f"n % {households}"),
                "visited_at": _AT,
                "outcome": "'1'",
            },
        ),
        (
            AssistanceCase,
            households // 8,
            {
                **entry,
                "id": _uuid("case", "n"),
                "case_no": f"{_AREA} || '-' || upper(left(md5('case' || n), 8))",
                "subject_person_id": _uuid("person", "n * 25"),
                "category": "array['A01']",
                "state": "case when n % 5 = 0 then '1' else '9' end",
                "opened_on": "date '2024-01-01' + n % 900",
                "closed_on": "case when n % 5 <> 0 then date '2025-01-01' + n % 600 end",
                "next_due": "case when n % 5 = 0 then date '2026-11-15' + n % 60 end",
            },
        ),
        (
            Employer,
            households // 24,
            {
                **entry,
                "id": _uuid("employer", "n"),
                "name": f"{_letter(_ROADS, 'n / 3')} || {_letter(_ROADS, 'n / 5')} || n || '有限公司'",
            },
        ),
        (
            Vacancy,
            households // 14,
            {
                **entry,
                "id": _uuid("vacancy", "n"),
                "employer_id": _uuid("employer", f"n % {households // 24}"),
                "vacancy_no": f"{_AREA} || '-' || upper(left(md5('vacancy' || n), 8))",
                "title": "'普工'",
                "state": "case when n % 3 = 0 then '1' else '3' end",
            },
        ),
        (
            IdentityKey,
            households,
            {"family": f"'{Family.HOUSEHOLD}'", "key": _uuid("household", "n"), "entry": _uuid("household", "n"), **key},
        ),
        (
            IdentityKey,
            people * 8 // 5,
            {
                "family": f"'{Family.PERSON}'",
                "key": f"case when n < {people} then {_uuid('person', 'n')} else {_uuid('id', 'n')} end",
                "entry": _uuid("person", f"n % {people}"),
                **key,
            },
        ),
        (
            ListedEntity,
            households,
            {
                "list": f"'{EntityList.HOUSEHOLDS}'",
                "entity": _uuid("household", "n"),
                "version": "1",
                "area_code": _AREA,
            },
        ),
        (
            LedgerException,
            households // 4,
            {
                "kind": f"'{ExceptionKind.BAD_ID}'",
                "family": f"'{Family.PERSON}'",
                "entry": _uuid("person", "n * 3"),
                "\"column\"": "'id_no'",
                "contribution": "n",
                "area_code": _AREA,
                "opened_at": _AT,
                "resolved_at": f"case when n % 20 <> 0 then {_AT} end",
            },
        ),
    ]  # fmt: skip


def _submissions(number: int) -> None:
    """Submissions of ten forms, one of them rare; each a version without answers."""
    forms = Form.objects.bulk_create(
        Form(form_id=f"county_{at}", title=f"County {at}") for at in range(10)
    )
    first = min(form.pk for form in forms)
    sender = User.objects.create(username="county", name="County").pk
    form = f"case when n % 5000 = 0 then {first} + 9 else {first} + n % 9 end"
    base = "1000000 + n"
    with connection.cursor() as cursor:
        cursor.execute(
            _insert(
                SubmissionVersion,
                f"generate_series(0, {number} - 1) n",
                {
                    "id": base,
                    "submission_id": base,
                    "form_id": form,
                    "form_version_id": "1",
                    "instance_id": f"'uuid:' || {_uuid('submission', 'n')}",
                    "received_at": _AT,
                    "submitter_id": str(sender),
                },
            )
        )
        cursor.execute(
            _insert(
                Submission,
                f"generate_series(0, {number} - 1) n",
                {
                    "id": base,
                    "form_id": form,
                    "instance_id": f"'uuid:' || {_uuid('submission', 'n')}",
                    "current_version_id": base,
                    "review_state": "case when n % 100 = 0 then 'rejected' when n % 10 = 0 then 'received' else 'approved' end",
                    "submitter_id": str(sender),
                    "received_at": _AT,
                    "observed_at": _AT,
                    "processed_at": _AT,
                    "area_code": _AREA,
                    "title": f"{_name('n')} || ' ' || n",
                    "flags": "case when n % 1000 = 0 then '[\"outside_area\"]' else '[]' end::jsonb",
                },
            )
        )


_ZERO: Final = {
    "BooleanField": "false", "CharField": "''", "TextField": "''", "JSONField": "'{}'",
    "BinaryField": "''::bytea", "DateTimeField": "now()",
}  # fmt: skip
"""Kind of a column → what stands in it when a row says nothing else and it may not be null."""


def _insert(model: type[models.Model], source: str, values: Mapping[str, str]) -> str:
    """`insert … select` of these columns; the others are null, or empty where they may not be null."""
    columns = dict(values)
    for column in model._meta.concrete_fields:
        name, kind = str(column.column), column.get_internal_type()
        known = name in columns or f'"{name}"' in columns
        if known or column.generated or column.null or isinstance(column, models.AutoField):
            continue
        columns[f'"{name}"'] = "'{}'" if isinstance(column, ArrayField) else _ZERO.get(kind, "0")
    names = ", ".join(columns)
    shown = ", ".join(columns.values())
    return f"insert into {model._meta.db_table} ({names}) select {shown} from {source} on conflict do nothing"
