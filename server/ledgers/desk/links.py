"""What a desk states about the link between its entry and another office's (decision 0251)."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from django.db import transaction

from server.accounts.access import REVIEWERS, Access
from server.accounts.models import Role
from server.audit.models import Act
from server.audit.services import record
from server.core.clock import OFFICE, office_day
from server.core.row_security import Crossing, across_areas
from server.ledgers.definitions.vocabulary import OF_LINKS, ActKind, LinkState
from server.ledgers.models import DeskAct, EntryLink
from server.ledgers.problems import ActReasonMissing, LinkActOutOfPlace, NotYours, SamePerson
from server.ledgers.refolding.moves import settle_links
from server.ledgers.storage.links import acts_on_links, moves_confirmed
from server.ledgers.storage.locks import take_merge_lock
from server.ledgers.storage.rules import standing_rules

_DECIDES_FOR_COUNTY = frozenset({Role.COUNTY, Role.ADMINISTRATOR})
_ANSWERS = frozenset({ActKind.AGREE, ActKind.REFUSE})


@across_areas(Crossing.DESK)
@transaction.atomic
def state_of_link(
    *, link: EntryLink, kind: ActKind, reason: str, access: Access, at: datetime
) -> DeskAct:
    """Store what the desk of this side states, and let it count: links and rows follow at once.

    A move is the receiving desk's to confirm and the giving desk's to agree to; beyond the day's number
    (`moves_a_day`) the county decides. Takes the merge lock to the end of the transaction. Raises NotYours,
    ActReasonMissing, LinkActOutOfPlace, SamePerson.
    """
    if not reason.strip():
        raise ActReasonMissing
    take_merge_lock()
    link = EntryLink.objects.get(pk=link.pk)
    if kind not in _within_authority(access, link):
        raise NotYours
    if not _is_in_place(link, kind):
        raise LinkActOutOfPlace
    if kind == ActKind.AGREE:
        _check_another_person(link, access)
    details: dict[str, Any] = {"office": link.other_office}
    if kind == ActKind.MOVE and _is_above_limit(link, at):
        details["needs_county"] = True
    act = DeskAct.objects.create(
        kind=kind,
        family=link.family,
        entry=link.entry,
        other=link.other_entry,
        link=link.link,
        value=details,
        area_code=link.area_code,
        reason=reason,
        user_id=access.user_id,
        at=at,
    )
    settle_links([str(link.link)], office_day(at))
    record(
        Act.DESK_ACT,
        actor=access,
        object_type=act.family,
        object_id=act.entry,
        area=act.area_code,
        reason=reason,
        facts={"desk_act": act.pk, "kind": act.kind, "link": str(link.pk)},
    )
    return act


def acts_for(access: Access, link: EntryLink) -> list[ActKind]:
    """What this person can state about the link now."""
    within = _within_authority(access, link)
    return [kind for kind in OF_LINKS if kind in within and _is_in_place(link, kind)]


def _within_authority(access: Access, link: EntryLink) -> set[ActKind]:
    """What the person may state for this office, or for its county about a move above the day's number."""
    kinds: set[ActKind] = set()
    if access.may(REVIEWERS, link.area_code):
        kinds |= set(OF_LINKS)
    if link.needs_county and link.awaits_us:
        kinds.discard(ActKind.AGREE)
        if _decides_for_county(access, link):
            kinds |= _ANSWERS
    return kinds


def _decides_for_county(access: Access, link: EntryLink) -> bool:
    """Whether the person decides for the county, or a wider division, of this office."""
    return any(
        len(area) < len(link.area_code) and link.area_code.startswith(area)
        for area in access.areas(_DECIDES_FOR_COUNTY)
    )


def _is_in_place(link: EntryLink, kind: ActKind) -> bool:
    asks_itself = link.asked if link.asked_by == link.area_code else ""
    match kind:
        case ActKind.TWO_PLACES:
            return link.state != LinkState.TWO_PLACES and asks_itself != kind
        case ActKind.DIFFERENT:
            return link.state != LinkState.DIFFERENT
        case ActKind.MOVE:
            return link.moved_to != link.area_code and asks_itself != kind
        case ActKind.AGREE:
            return link.awaits_us
        case ActKind.REFUSE:
            gave_away = link.state == LinkState.MOVED and link.moved_to != link.area_code
            return link.awaits_us or gave_away
    return False


def _check_another_person(link: EntryLink, access: Access) -> None:
    """Two desks are two people. Raises SamePerson."""
    acts = acts_on_links([str(link.link)]).get(str(link.link), [])
    asking = [act for act in acts if act.office == link.asked_by and act.kind == link.asked]
    if asking and asking[-1].user_id == access.user_id:
        raise SamePerson


def _is_above_limit(link: EntryLink, at: datetime) -> bool:
    """Whether as many moves as the rule table allows were confirmed today out of the other office, or into this one."""
    day = office_day(at)
    limit = standing_rules().number("moves_a_day", link.other_office, day)
    begins = datetime.combine(day, time(), tzinfo=OFFICE)
    confirmed = moves_confirmed(giving=link.other_office, receiving=link.area_code, since=begins)
    return confirmed >= limit
