"""What another name or code of a division would change and what would keep the old one, counted before it is given."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from server.accounts.access import Access
from server.accounts.models import FieldAccount, Role, RoleGrant
from server.geo.codes import lies_in
from server.geo.codes_since import codes_since
from server.geo.models import ChangeKind, Division, DivisionChange
from server.geo.renames import Rename, check_rename
from server.geo.renumbering import Renumbering, check_renumbering
from server.ledgers.definitions.vocabulary import Ledger
from server.ledgers.models.rules import RuleValue
from server.ledgers.selectors import rows_of
from server.reports.filings import period_of
from server.reports.models import Filing
from server.submissions.models import Submission, Waiting


@dataclass(frozen=True, slots=True)
class ChangePreview:
    """What lies in the division today, and which reports show which name or code."""

    kind: ChangeKind
    division: Division  # with the name of today
    name: str
    name_en: str
    new_code: str  # "" of another name
    takes_effect_on: date
    households: int
    persons: int
    employers: int
    cases: int
    submissions: int
    waiting: int  # of these, those that are not processed yet
    rules: int  # decided for the division itself, that stand
    accounts: int  # people with a role in the division
    phones: int  # whose list of communities gets the new name or code
    reports_keeping: int  # prepared reports of the division for periods that end before the day
    reports_renamed: int  # prepared reports of later periods


def preview_rename(rename: Rename, access: Access) -> ChangePreview:
    """Count what a rename concerns; changes nothing. Raises NothingHere, NotAllowed, ChangeRefused, as making it would."""
    division = check_rename(rename, access)
    names = rename.name, rename.name_en
    return _preview(access, ChangeKind.RENAME, division, names, "", rename.takes_effect_on)


def preview_renumbering(asked: Renumbering, access: Access) -> ChangePreview:
    """Count what another code concerns; changes nothing. Raises NothingHere, NotAllowed, ChangeRefused, as giving it would."""
    division = check_renumbering(asked, access)
    names, kind = (division.name, division.name_en), ChangeKind.RENUMBER
    return _preview(access, kind, division, names, asked.new_code, asked.takes_effect_on)


def _preview(
    access: Access,
    kind: ChangeKind,
    division: Division,
    names: tuple[str, str],
    new_code: str,
    day: date,
) -> ChangePreview:
    def rows(ledger: str) -> int:
        return rows_of(access, ledger).filter(lies_in(division.prefix)).count()

    grants = RoleGrant.objects.filter(area__startswith=division.prefix)
    workers = grants.filter(role=Role.WORKER).values("user")
    submissions = Submission.objects.filter(access.within(), lies_in(division.prefix))
    codes = codes_since().all(division.code)
    filings = Filing.objects.filter(access.within(), area_code__in=codes)
    days = [period_of(filing).last for filing in filings]
    keeping = sum(last < day for last in days)
    return ChangePreview(
        kind=kind,
        division=division,
        name=names[0],
        name_en=names[1],
        new_code=new_code,
        takes_effect_on=day,
        households=rows(Ledger.HOUSEHOLD),
        persons=rows(Ledger.PERSON),
        employers=rows(Ledger.EMPLOYER),
        cases=rows(Ledger.CASE),
        submissions=submissions.count(),
        waiting=Waiting.objects.filter(submission__in=submissions).count(),
        rules=RuleValue.objects.filter(area_code=division.prefix, withdrawn_at=None).count(),
        accounts=grants.values("user").distinct().count(),
        phones=FieldAccount.objects.filter(user__in=workers, revoked_at=None).count(),
        reports_keeping=keeping,
        reports_renamed=len(days) - keeping,
    )


def still_to_follow(change: DivisionChange) -> int:
    """How many submissions the worker has still to move from the code that a change replaced or, undone, took back.

    Of an undone change those that are queued: a record whose phone sent the code that is no more stays
    there. One query, none for another name.
    """
    if change.kind == ChangeKind.RENAME:
        return 0
    if change.undone_at is None:
        return Submission.objects.filter(area_code=change.division_id).count()
    return Waiting.objects.filter(submission__area_code=change.new_code).count()
