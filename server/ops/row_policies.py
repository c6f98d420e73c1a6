"""Which rows of each table a request sees in the database, and the SQL of roles, policies and grants (decision 0275).

`RULES` names every table of the installation. A table whose rows belong to an area has
policies: requests (role `ruhu_web`) see the rows of their reader's areas, the worker's jobs
(`ruhu_worker`) see all rows, and the owner of the tables, as whom migrations and commands run,
has no policies. `OPEN` lists the other tables with the reason why each needs none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from django.apps import apps
from django.db import models

from server.audit.models import KEY
from server.core.row_security import EVERYWHERE, view_of_places, view_of_words
from server.ledgers.definitions.ledgers import FAMILIES, LEDGERS
from server.ledgers.storage import declared

WEB: Final = "ruhu_web"
WORKER: Final = "ruhu_worker"

ROLES: Final = f"""\
do $$ begin
  if not exists (select from pg_roles where rolname = '{WEB}') then
    create role {WEB} nologin noinherit nosuperuser nocreatedb nocreaterole nobypassrls;
  end if;
  if not exists (select from pg_roles where rolname = '{WORKER}') then
    create role {WORKER} nologin noinherit nosuperuser nocreatedb nocreaterole nobypassrls;
  end if;
end $$;
"""
"""Makes the two roles where they do not exist. Needs CREATEROLE."""

_ALL: Final = f"current_setting('ruhu.areas', true) = '{EVERYWHERE}'"
_READER: Final = "nullif(current_setting('ruhu.reader', true), '')::bigint"


def in_areas(column: str) -> str:
    """Whether a column of division codes lies in the reader's areas.

    The range is that of all areas together, so that an index on the column serves it; its
    operators are leakproof, and the planner estimates them from the values that the settings
    have. Between several areas the prefixes decide. They stand in subqueries, which are run once a
    statement: reading a setting for each row costs more than the comparison (decision 0301).
    """
    areas = "current_setting('ruhu.areas', true)"
    return (
        f"{column} >= current_setting('ruhu.area_from', true)"
        f" and {column} < current_setting('ruhu.area_to', true)"
        f" and ((select strpos({areas}, ',') = 0)"
        f" or {column} like any ((select string_to_array(replace({areas}, ',', '%,') || '%', ','))::text[]))"
    )


@dataclass(frozen=True, slots=True)
class Rule:
    """Whose rows of a table a request sees; `sentence` says so in api_docs/database.md."""

    sees: str
    sentence: str
    writes: str = ""  # the rows it may add and leave behind; "" for those it sees
    only_adds: bool = False


def _own(column: str, *read: str) -> Rule:
    """Rows that name their area themselves; those that name it in a column of `read` are read, and not written."""
    columns = (column, *read)
    named = " or ".join(f"`{name}`" for name in columns)
    return Rule(
        " or ".join(f"({in_areas(name)})" for name in columns),
        f"rows whose {named} lies in the reader's areas",
        writes=in_areas(column),
    )


def _of(parent: str, column: str, *, key: str = "id", own: str = "") -> Rule:
    """Rows that belong where a row of another table does, as that table's own policy says."""
    sees = f"{_ALL} or exists (select from {parent} parent where parent.{key} = {column})"
    sentence = f"rows whose `{parent}` the reader sees"
    if own:
        return Rule(
            f"({in_areas(own)}) or {sees}",
            f"{sentence}, or whose `{own}` lies in the reader's areas",
            writes=in_areas(own),
        )
    return Rule(sees, sentence)


_LEDGER: Final = _own("area_code")
_OF_VERSION: Final = _of("submissions_submissionversion", "version_id")
_OF_SUBMISSION: Final = _of("submissions_submission", "submission_id")

_SUBMISSION: Final = Rule(
    f"({in_areas('area_code')})"
    f" or (submitter_id = {_READER} and area_code = '' and processed_at is null)",
    "rows whose `area_code` lies in the reader's areas, and what the reader sent that is not placed yet",
)


def _about(table: str, families: Iterable[str], what: str) -> Rule:
    """Rows that name their area themselves, and those about an entry of these families that the reader sees."""
    of_entries = "".join(
        f" or (family = '{family}' and exists (select from {LEDGERS[family]._meta.db_table} row"
        f" where row.id = {table}.entry))"
        for family in families
    )
    return Rule(
        f"({in_areas('area_code')}){of_entries}",
        f"rows whose `area_code` lies in the reader's areas, and {what} that the reader sees",
        writes=in_areas("area_code"),
    )


_CONTRIBUTION: Final = _about("ledgers_contribution", FAMILIES, "what an entry is folded from")
_LINK: Final = _about("ledgers_entrylink", ("person", "employer"), "the links of an entry")

_KEY: Final = Rule(
    f"({in_areas('office')}) or (office = '' and current_setting('ruhu.areas', true) <> '')",
    "keys whose `office` lies in the reader's areas, and those that only one office has;"
    " none says whether another office knows the same number",
    writes=_ALL,
)

_ENTITY: Final = Rule(
    f"({in_areas('area_code')}) or (is_shared and exists (select from"
    " unnest(string_to_array(current_setting('ruhu.areas', true), ',')) as mine"
    " where mine like area_code || '%'))",
    "entities whose `area_code` lies in the reader's areas, and shared ones of an area around one of these",
)

_AUDIT: Final = Rule(
    f"({in_areas('area_code')}) or actor_id = {_READER} or object_type = '{KEY}'"
    " or (act = 'log_in_failed' and object_type = 'user' and object_id ="
    f" (select username from accounts_user where id = {_READER}))",
    "acts in the reader's areas, the reader's own, refused log-ins under the reader's name, and what concerns keys;"
    " every act may be added, none changed",
    writes="true",
    only_adds=True,
)

_PERMIT: Final = Rule(
    f"({in_areas('area_code')}) or user_id = {_READER}",
    "rows whose `area_code` lies in the reader's areas, and the reader's own",
)

RULES: Final[dict[str, Rule]] = {
    "audit_entry": _AUDIT,
    "bulletin_bulletin": _own("area_code"),
    "corrections_answer": _OF_SUBMISSION,
    "corrections_askedanswer": _of("submissions_submission", "submission_id", own="area_code"),
    "corrections_sendback": _OF_SUBMISSION,
    "datasets_entity": _ENTITY,
    "datasets_entityversion": _of("datasets_entity", "entity_id"),
    "datasets_unapplied": _OF_SUBMISSION,
    "disclosure_exportpermit": _PERMIT,
    "erasure_erasure": _own("area_code"),
    "imports_import": _own("area_code"),
    "imports_importedrow": _of("imports_import", "source_id"),
    "imports_meaning": _own("area_code"),
    **{model._meta.db_table: _LEDGER for model in LEDGERS.values()},
    "ledgers_contribution": _CONTRIBUTION,
    "ledgers_deskact": _own("area_code"),
    "ledgers_entityclaim": _OF_SUBMISSION,
    "ledgers_entitylistrevision": _own("area_code"),
    "ledgers_entrylink": _LINK,
    "ledgers_identitykey": _KEY,
    "ledgers_keptkey": _own("area_code"),
    "ledgers_ledgerexception": _own("area_code"),
    "ledgers_listedentity": _own("area_code"),
    "ledgers_membership": _of("ledgers_household", "household_id"),
    "ledgers_withdrawnkey": _OF_SUBMISSION,
    "quarantine_quarantined": _own("area", "sender_area"),
    "quarantine_quarantinerefusal": _own("area"),
    "quarantine_reopening": _of("quarantine_quarantined", "item_id"),
    "quarantine_repair": _of("quarantine_quarantined", "item_id"),
    "reports_casefact": _own("area_code"),
    "reports_dependantfact": _own("area_code"),
    "reports_doubtfact": _own("area_code"),
    "reports_eventfact": _own("area_code", "place"),
    "reports_figurefact": _own("area_code"),
    "reports_filing": _own("area_code"),
    "reports_filingstep": replace(_of("reports_filing", "filing_id"), only_adds=True),
    "reports_householdfact": _own("area_code"),
    "reports_marketfact": _own("area_code", "place"),
    "reports_personfact": _own("area_code", "residence_area", "hukou_area"),
    "reports_receivedfact": _own("area_code"),
    "reports_recordfact": _own("area_code"),
    "reports_retireefact": _own("area_code"),
    "submissions_approvedversion": _OF_SUBMISSION,
    "submissions_attachment": _OF_VERSION,
    "submissions_comment": _OF_SUBMISSION,
    "submissions_deletion": _OF_SUBMISSION,
    "submissions_encryptedversion": _OF_VERSION,
    "submissions_erasedfile": _OF_VERSION,
    "submissions_laidoutanswers": _OF_SUBMISSION,
    "submissions_reviewdecision": _OF_SUBMISSION,
    "submissions_reviewopening": _OF_SUBMISSION,
    "submissions_submission": _SUBMISSION,
    "submissions_submissionversion": _OF_SUBMISSION,
    "submissions_verdict": _of("submissions_submissionversion", "version_id", own="area"),
}
"""Table → its rule. A table that is neither here nor in OPEN fails a test."""

_READ_FIRST: Final = (
    "read before anybody knows who asks: tokens, passwords, and the areas themselves"
)
_JOBS: Final = "the job queue holds numbers of rows and names of jobs"
_DJANGO: Final = "Django's own; holds no rows of the office's work"
_FORMS: Final = "all staff see all forms, and a form is administered by all areas that it concerns"
_LISTS: Final = "names of entity lists and of their properties say nothing about anybody"

OPEN: Final[dict[str, str]] = {
    "account_emailaddress": _READ_FIRST,
    "account_emailconfirmation": _READ_FIRST,
    "accounts_apitoken": _READ_FIRST,
    "accounts_fieldaccount": _READ_FIRST,
    "accounts_formergrant": _READ_FIRST,
    "accounts_passwordfailures": _READ_FIRST,
    "accounts_phonesettings": "settings hold for the areas below, whose offices issue the codes; the password is sealed",
    "accounts_rolegrant": _READ_FIRST,
    "accounts_savedview": _READ_FIRST,
    "accounts_session": _READ_FIRST,
    "accounts_user": _READ_FIRST,
    "auth_group": _DJANGO,
    "auth_group_permissions": _DJANGO,
    "auth_permission": _DJANGO,
    "datasets_dataset": _LISTS,
    "datasets_datasetproperty": _LISTS,
    "django_content_type": _DJANGO,
    "forms_encryptionkey": "keys belong to no area; their private halves are sealed",
    "forms_form": _FORMS,
    "forms_formaudience": _FORMS,
    "forms_formdraft": _FORMS,
    "forms_formhome": _FORMS,
    "forms_formmedia": _FORMS,
    "forms_formversion": _FORMS,
    "geo_boundary": "the outlines of divisions are public",
    "geo_division": "the divisions are public",
    "geo_divisionchange": "the names and codes of divisions are public",
    "geo_division_successors": "the divisions are public",
    "ledgers_foldversion": "says by which version of the code the ledgers were computed",
    "ledgers_changedentry": "holds uuids alone: which entries a fold has changed",
    "ledgers_rulevalue": "values of rules hold for whole areas and tell of nobody; every page judges by those of the areas around its own",
    "ledgers_naming": "one sealed secret for the whole installation",
    "mfa_authenticator": _READ_FIRST,
    "procrastinate_events": _JOBS,
    "procrastinate_jobs": _JOBS,
    "procrastinate_periodic_defers": _JOBS,
    "procrastinate_workers": _JOBS,
    "socialaccount_socialaccount": _READ_FIRST,
    "socialaccount_socialapp": _READ_FIRST,
    "socialaccount_socialtoken": _READ_FIRST,
    "submissions_accepteddocument": "hashes of documents, which decide whether a record is new",
    "submissions_waiting": "the queue holds numbers of records",
    "trials_trialrecord": "what is sent to try a draft belongs to no area; the form's administrators read it",
}
"""Table → why requests may see all its rows."""

ARRIVALS: Final[dict[str, tuple[str, str, str]]] = {
    "submissions_arriving": (
        "submissions_submission",
        "id, form_id, instance_id, current_version_id, review_state, submitter_id, received_at, area_code, title,"
        " located_area, flags",
        "",
    ),
    "submissions_arriving_file": (
        "submissions_attachment",
        "version_id, name, sha256, md5, size, content_type, received_at",
        "",
    ),
    "submissions_arriving_version": (
        "submissions_submissionversion",
        "id, submission_id, form_id, form_version_id, instance_id, deprecated_id, sha256, document, size,"
        " received_at, field_account_id, submitter_id, device_id, user_agent, sender_areas, sender_history",
        "id, submission_id, form_id, instance_id",
    ),
}
"""View → its table, the columns that may be written through it, and those that may be read.

The statement that stores a new record writes through these views, which belong to the owner of
the tables, so that no policy looks at its rows: the instanceID decides whether the record is
new, whatever area has it, and the row lies in no area yet. What may be read tells numbers only.
"""

INDEXED: Final[dict[str, tuple[str, str, str]]] = {
    "ledgers_household_on_map": (
        "ledgers_household",
        "area_code",
        "id, area_code, web_point, assisted_categories, address, hh_no",
    ),
    view_of_words("ledgers_household"): (
        "ledgers_household",
        "area_code",
        "id, area_code, ruhu_text_words(hh_no, address, building, room) as words",
    ),
    view_of_words("ledgers_person"): (
        "ledgers_person",
        "area_code",
        "id, area_code, ruhu_name_words(name) as words",
    ),
    **{
        view_of_places(table): (table, "area_code", f"id, {column} as place")
        for table, column in (
            ("ledgers_vacancy", "workplace"),
            ("submissions_submission", "location"),
            *(
                (model._meta.db_table, model.ledger.place)
                for model in LEDGERS.values()
                if model.ledger.place
            ),
        )
    },
}
"""View → its table, the column of its area, its columns: the rows that the table's policy shows, by any index.

Behind a policy PostgreSQL asks operators that are not leakproof only after it, and so not by an
index. Where that is too slow (the map's tiles, rows in a box, search by words), a statement reads such a view of the
owner, whose condition is the policy's and is asked together with the statement's own.
"""

FUNCTIONS: Final[dict[str, tuple[str, str, str]]] = {
    declared.FUNCTION: (
        declared.ARGUMENTS,
        declared.DEFINITION,
        "of a person whom two desks agree to have in two places, each desk is shown the few columns that the other declares",
    ),
}
"""Function that runs with the owner's rights → its arguments (the reader's areas first), its definition, why it is needed.

Each answers a reader with something of another area, and gives no more than its definition says
whatever it is asked (tests/contracts/test_row_security.py).
"""

READ_ONLY: Final = ("django_migrations",)
"""Tables that both roles read and never change."""


def models_with_tables() -> Iterator[type[models.Model]]:
    """The models whose tables migrations make."""
    for model in apps.get_models(include_auto_created=True):
        if model._meta.managed and not model._meta.proxy:
            yield model


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy of a table; its name holds the digest of its text, so that a changed one is another."""

    table: str
    suffix: str
    clause: str

    @property
    def name(self) -> str:
        """The policy's name in the database."""
        digest = hashlib.sha256(self.clause.encode()).hexdigest()[:8]
        return f"ruhu_{self.suffix}_{digest}"

    @property
    def statement(self) -> str:
        """The statement that makes it."""
        return f"create policy {self.name} on {self.table} {self.clause}"


def policies() -> list[Policy]:
    """All policies of the installation."""
    return [policy for table, rule in sorted(RULES.items()) for policy in _policies_of(table, rule)]


def _policies_of(table: str, rule: Rule) -> Iterator[Policy]:
    yield Policy(table, "worker", f"to {WORKER} using (true) with check (true)")
    writes = rule.writes or rule.sees
    if rule.only_adds:
        yield Policy(table, "reads", f"for select to {WEB} using ({rule.sees})")
        yield Policy(table, "adds", f"for insert to {WEB} with check ({writes})")
    else:
        yield Policy(table, "web", f"to {WEB} using ({rule.sees}) with check ({writes})")
