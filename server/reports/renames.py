"""What another name of a division would change and what would keep the old name, counted before it is given."""

from __future__ import annotations

from dataclasses import dataclass

from server.accounts.access import Access
from server.accounts.models import FieldAccount, Role, RoleGrant
from server.geo.codes import lies_in
from server.geo.models import Division
from server.geo.renames import Rename, check_rename
from server.ledgers.definitions.vocabulary import Ledger
from server.ledgers.selectors import rows_of
from server.reports.filings import period_of
from server.reports.models import Filing


@dataclass(frozen=True, slots=True)
class RenamePreview:
    """What lies in the division today, and which reports show which name."""

    division: Division  # with the name of today
    rename: Rename
    households: int
    persons: int
    employers: int
    cases: int
    accounts: int  # people with a role in the division
    phones: int  # whose list of communities gets the new name
    reports_keeping: int  # prepared reports of the division for periods that end before the day
    reports_renamed: int  # prepared reports of later periods


def preview_rename(rename: Rename, access: Access) -> RenamePreview:
    """Count what a rename concerns; changes nothing. Raises NothingHere, NotAllowed, ChangeRefused, as making it would."""
    division = check_rename(rename, access)

    def rows(ledger: str) -> int:
        return rows_of(access, ledger).filter(lies_in(division.prefix)).count()

    grants = RoleGrant.objects.filter(area__startswith=division.prefix)
    workers = grants.filter(role=Role.WORKER).values("user")
    days = [
        period_of(filing).last
        for filing in Filing.objects.filter(access.within(), area_code=division.code)
    ]
    keeping = sum(day < rename.takes_effect_on for day in days)
    return RenamePreview(
        division=division,
        rename=rename,
        households=rows(Ledger.HOUSEHOLD),
        persons=rows(Ledger.PERSON),
        employers=rows(Ledger.EMPLOYER),
        cases=rows(Ledger.CASE),
        accounts=grants.values("user").distinct().count(),
        phones=FieldAccount.objects.filter(user__in=workers, revoked_at=None).count(),
        reports_keeping=keeping,
        reports_renamed=len(days) - keeping,
    )
