"""L20 创业示范点台帐: workshops, and who works there from when on. Made up."""

from server.core.labels import Label
from server.ledgers.definitions.columns import Merge, code, counted, day, entry, searched
from server.ledgers.definitions.declaring import LedgerDefinition
from server.ledgers.definitions.machines import Entering, Machine, moves
from server.ledgers.models.base import LedgerEntry

WORKSHOP = Machine("state", "1", moves({"1": {"2"}}), {"2": Entering(stamps="closed_on")})


class Workshop(LedgerEntry):
    name = searched("名称", "name", Merge.IDENTITY, required=True)
    n_people = counted("workshop_place", "就业人数", "people", by="workshop")
    closed_on = day("关闭日期", "closed on", Merge.STATES)
    state = code("ST19", "状态", "state", Merge.STATES, required=True)

    ledger = LedgerDefinition(
        "workshop",
        "workshops",
        Label("创业示范点台帐", "Workshops"),
        number="L20",
        machines=(WORKSHOP,),
        search=("name",),
    )


class WorkshopPlace(LedgerEntry):
    person = entry("ledgers.Person", "人员", "person", Merge.FIXED, required=True)
    workshop = entry("ledgers.Workshop", "示范点", "workshop", Merge.FIXED, required=True)
    began_on = day("开始日期", "began on", Merge.FIXED, required=True)

    ledger = LedgerDefinition(
        "workshop_place",
        "workshop-places",
        Label("示范点就业台帐", "Workers of workshops"),
        number="L20",
        keys=("person+workshop+began_on",),
    )
