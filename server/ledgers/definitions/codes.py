"""The code lists whose codes the derivation rules read, as enums. Pure.

A member's value is the code as core/codes.csv, forms and tables hold it.
tests/contracts/test_vocabulary.py holds each enum equal to its list.
"""

from __future__ import annotations

from enum import StrEnum


class Sex(StrEnum):
    """List SEX (GB/T 2261.1)."""

    UNKNOWN = "0"
    MALE = "1"
    FEMALE = "2"
    NOT_STATED = "9"


class Relation(StrEnum):
    """List REL (GB/T 4761): relation to the head of the household."""

    HEAD = "0"
    SPOUSE = "1"
    SON = "2"
    DAUGHTER = "3"
    GRANDCHILD = "4"
    PARENT = "5"
    GRANDPARENT = "6"
    SIBLING = "7"
    OTHER = "8"


class Health(StrEnum):
    """List HL (GB/T 2261.3)."""

    GOOD = "1"
    FAIR = "2"
    CHRONIC_ILLNESS = "3"
    DISABLED = "6"


class HukouNature(StrEnum):
    """List HK: the nature of the household registration."""

    URBAN = "10"
    RURAL = "20"
    UNIFIED = "30"  # since 2014
    NONE = "90"


class ResidenceKind(StrEnum):
    """List RK: how residence and hukou go together, seen from the household surveyed."""

    LIVES_AT_HUKOU = "1"
    LIVES_HERE_ONLY = "2"
    HUKOU_HERE_ONLY = "3"
    HUKOU_WITHOUT_TIE = "4"
    COLLECTIVE = "5"


class WorkCapacity(StrEnum):
    """List WC."""

    FULL = "1"
    PARTIAL = "2"
    NONE = "3"
    NOT_ASSESSED = "9"


ABLE = frozenset({WorkCapacity.FULL, WorkCapacity.PARTIAL})
"""Counts as able to work."""


class EmploymentStatus(StrEnum):
    """List ES. The first digit gives the spell kind: 1 employed, 2 unemployed, 3 out of the labour force."""

    IN_UNIT = "10"
    WELFARE_POST = "11"
    SELF_EMPLOYED = "12"
    FLEXIBLE = "13"
    FARMING = "14"
    MIGRANT_WORK = "15"
    REGISTERED_UNEMPLOYED = "20"
    UNREGISTERED_UNEMPLOYED = "21"
    LAID_OFF = "22"  # 国企下岗
    STUDENT = "30"
    RETIRED = "31"
    HOMEMAKER = "32"
    UNABLE = "33"
    MILITARY = "34"
    IN_CUSTODY = "35"
    OTHER = "39"


SEEKING = frozenset(
    {
        EmploymentStatus.REGISTERED_UNEMPLOYED,
        EmploymentStatus.UNREGISTERED_UNEMPLOYED,
        EmploymentStatus.LAID_OFF,
    }
)
"""Unemployed in the sense of the assistance rules."""


class UnemploymentReason(StrEnum):
    """List UR: why the last employment ended or none began."""

    NEW_ENTRANT = "01"
    CONTRACT_ENDED = "02"
    CLOSURE = "03"
    LAID_OFF = "04"  # 国企下岗
    RESIGNED = "05"
    DISMISSED = "06"
    OWN_BUSINESS_CLOSED = "07"
    FLEXIBLE_WORK_STOPPED = "08"
    LAND_LOST = "09"
    LEFT_FORCES = "10"
    RELEASED = "11"
    GRADUATE = "12"
    BACK_FROM_CARE = "13"
    OTHER = "99"


class DibaoStatus(StrEnum):
    """List DB: the minimum living allowance (低保)."""

    NO = "0"
    RECEIVING = "1"
    MARGINAL = "2"
    APPLYING = "3"


class LandLost(StrEnum):
    """List LL: the share of the household's land that was taken."""

    NONE = "0"
    PART = "1"
    MOST = "2"
    ALL = "3"


class AssistanceCategory(StrEnum):
    """List AC: A by 粤劳社[2005]21号, B by 粤人社规〔2023〕11号."""

    A_OLDER = "A01"  # 4050
    A_ZERO_EMPLOYMENT = "A02"
    A_DIBAO = "A03"
    A_RURAL_POOR = "A04"
    A_DISABLED = "A05"
    A_LAND_LOST = "A06"
    A_LAID_OFF = "A07"
    A_LONG_UNEMPLOYED = "A08"
    A_RELEASED = "A09"
    A_OTHER = "A99"
    B_OLDER = "B01"
    B_DISABLED = "B02"
    B_DIBAO = "B03"
    B_ZERO_EMPLOYMENT_URBAN = "B04"
    B_ZERO_EMPLOYMENT_RURAL = "B05"
    B_ALL_LAND_LOST = "B06"
    B_LONG_UNEMPLOYED = "B07"
    B_DRUG_REHABILITATION = "B08"
    B_RELEASED = "B09"
    B_MENTAL_ILLNESS = "B10"
    B_VETERAN = "B11"
    B_SUPPORTS_ILL_KIN = "B12"
    B_OTHER = "B99"


class CaseLevel(StrEnum):
    """List LV."""

    KEY = "1"
    GENERAL = "2"


class FoundBy(StrEnum):
    """List FB: how an assistance case came to be known."""

    SCREENING = "1"
    VISIT = "2"
    APPLICATION = "3"
    FROM_ABOVE = "4"


class Material(StrEnum):
    """List MAT: documents that prove something."""

    ID_CARD = "01"
    HUKOU_BOOK = "02"
    TERMINATION = "03"
    UNEMPLOYMENT = "04"
    LAY_OFF = "05"
    DIBAO = "06"
    DISABILITY = "07"
    LAND = "08"
    DIPLOMA = "09"
    DISCHARGE = "10"
    RELEASE = "11"
    DEATH = "12"
    CREMATION = "13"
    BUSINESS_LICENCE = "14"
    CONTRACT = "15"
    INSURANCE = "16"
    OTHER = "99"


class VisitMode(StrEnum):
    """List VM."""

    AT_THE_DOOR = "1"
    PHONE = "2"
    AT_THE_OFFICE = "3"
    ONLINE = "4"
    GROUP = "5"


class EmployerSize(StrEnum):
    """List SZ: size classes by staff."""

    UNDER_10 = "1"
    UNDER_50 = "2"
    UNDER_300 = "3"
    FROM_300 = "4"


class VacancySource(StrEnum):
    """List VS: where a vacancy became known."""

    EMPLOYER = "1"
    DOOR = "2"
    COMMITTEE = "3"
    COUNTY = "4"
    FAIR = "5"
    ONLINE = "6"
