"""Which numbers of a record say whom it is about: ID numbers, documents' numbers, employers' codes. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from server.ledgers.definitions import normalise
from server.ledgers.definitions.vocabulary import ContributionFlag, Ledger
from server.ledgers.identity.keys import Key
from server.ledgers.intake.lunar import civil_day

PERSONAL_DOCUMENTS: Final = frozenset({"03", "04", "05", "06", "07"})
"""Of list ID, the documents with a number of their holder's own; a household book is shared."""


@dataclass(slots=True)
class Numbers:
    """What a record's numbers say."""

    keys: tuple[Key, ...] = ()
    flags: list[ContributionFlag] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def read_person(values: dict[str, Any], today: date) -> Numbers:
    """Read a person's ID number: it makes the key and, when valid, overrules birth date and sex in `values`.

    A birthday answered as lunar becomes the civil day; a day that the lunar calendar lacks stays as answered.
    """
    numbers = Numbers()
    if values.get("birth_is_lunar") and (answered := values.get("birth_date")):
        born = civil_day(date.fromisoformat(answered))
        if born is None:
            numbers.problems.append("bad_lunar_day")
        else:
            values["birth_date"] = born.isoformat()
    answer = values.get("id_no")
    if answer is None:
        return numbers
    if (kind := values.get("id_type", "01")) != "01":
        number = values["id_no"] = normalise.document_number(answer)
        if kind in PERSONAL_DOCUMENTS and normalise.is_document_number(number):
            numbers.keys = (Key("document", f"{kind}|{number}"),)
        return numbers
    citizen = normalise.citizen_id(answer, today)
    values["id_no"] = citizen.number
    if not citizen.is_valid or citizen.birth_date is None:
        numbers.flags.append(ContributionFlag.BAD_ID)
        return numbers
    numbers.keys = (Key("id_no", citizen.number),)
    if citizen.original_15:
        values["id_no_15"] = citizen.original_15
    values["birth_date"], values["sex"] = citizen.birth_date.isoformat(), citizen.sex
    return numbers


def read_employer(values: dict[str, Any], today: date) -> Numbers:
    """Read an employer's credit code and old organisation code: each makes a key when valid.

    The one holds the other, so that an employer is the same before and after it got a credit code.
    """
    numbers, keys = Numbers(), []
    org_code = normalise.org_code(values.get("org_code", ""))
    if (answer := values.get("uscc")) is not None:
        credit_code = normalise.uscc(answer)
        values["uscc"] = credit_code.code
        if credit_code.is_valid:
            keys.append(Key("uscc", credit_code.code))
            org_code = normalise.org_code(normalise.org_code_in(credit_code.code))
        else:
            numbers.flags.append(ContributionFlag.BAD_USCC)
    if org_code:
        keys.append(Key("org_code", org_code))
    numbers.keys = tuple(keys)
    return numbers


READERS: Final[dict[str, Callable[[dict[str, Any], date], Numbers]]] = {
    Ledger.PERSON: read_person,
    Ledger.EMPLOYER: read_employer,
}
