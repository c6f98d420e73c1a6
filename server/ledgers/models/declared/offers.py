"""Jobs offered to persons (L8): from the offer to work that lasts."""

from __future__ import annotations

from server.core.labels import Label
from server.ledgers.definitions.columns import (
    Depends,
    Merge,
    boolean,
    code,
    day,
    decimal,
    entry,
    image,
    structured,
)
from server.ledgers.definitions.declaring import LedgerDefinition, View
from server.ledgers.definitions.machines import Entering, Machine, moves
from server.ledgers.models.base import LedgerEntry

OFFER = Machine(
    "state",
    "1",
    moves(
        {
            "1": {"2", "3", "4", "5", "6", "7"},
            "2": {"3", "4", "5", "6", "7"},
            "3": {"2", "4", "5", "6"},
            "4": {"2", "3", "5", "6", "7"},
            "5": {"6", "7"},
            "6": {"8", "9"},
            "8": {"9"},
        }
    ),
    entering={
        "2": Entering(takes=("interview_on",), means={"response": "1"}),
        "3": Entering(takes=("refuse_reason",), means={"response": "3"}),
        "4": Entering(means={"response": "2"}),
        "5": Entering(takes=("interview_on",), means={"result": "1"}),
        "6": Entering(
            stamps="hired_on", takes=("wage", "contract", "insured"), means={"result": "2"}
        ),
        "7": Entering(means={"result": "3"}),
        "8": Entering(takes=("wage", "contract", "insured"), means={"result": "4"}),
        "9": Entering(stamps="left_on", needs=("left_reason",), means={"result": "5"}),
    },
)


class Offer(LedgerEntry):
    """L8 送岗/职业介绍台帐: one vacancy offered to one person on one day."""

    person = entry(
        "ledgers.Person",
        "求职人员",
        "job seeker",
        Merge.FIXED,
        required=True,
        related_name="offers",
    )
    vacancy = entry(
        "ledgers.Vacancy", "岗位", "vacancy", Merge.FIXED, required=True, related_name="offers"
    )
    case = entry(
        "ledgers.AssistanceCase",
        "援助案",
        "assistance case",
        Merge.FIXED,
        is_link=False,
        computed=True,
    )
    offered_on = day("送岗日期", "offered on", Merge.FIXED, required=True)
    channel = code("CH", "方式", "channel", Merge.FIXED, required=True)
    response = code("OR", "本人意见", "response", Merge.LATEST, required=True)
    refuse_reason = code(
        "RR", "拒绝原因", "reason of the refusal", Merge.LATEST, depends=Depends("response", ("3",))
    )
    ack_signature = image("送岗签收", "signature for the offer", Merge.FIXED)
    interview_on = day("面试日期", "interview on", Merge.LATEST)
    result = code("OF", "结果", "result", Merge.STATES)
    hired_on = day("录用日期", "hired on", Merge.STATES)
    wage = decimal("月工资", "monthly wage", Merge.LATEST)
    contract = code("CT", "劳动合同", "labour contract", Merge.LATEST)
    insured = boolean("参保", "insured", Merge.LATEST)
    on_job = structured(
        "在岗回访(1/3/6月)", "follow-up on the job (1/3/6 months)", Merge.FIXED, computed=True
    )
    left_on = day("离岗日期", "left on", Merge.STATES)
    left_reason = code("UR", "离岗原因", "reason of leaving", Merge.STATES)
    state = code("ST8", "送岗状态", "state of the offer", Merge.STATES, required=True)

    ledger = LedgerDefinition(
        "offer",
        "offers",
        Label("送岗/职业介绍台帐", "Job offers"),
        number="L8",
        keys=("person+vacancy+offered_on",),
        confirms=False,
        machines=(OFFER,),
        joined_search=("person__name", "vacancy__title"),
        ordering=("offered_on", "hired_on"),
        views=(
            View("hired", Label("送岗录用", "Hired"), (Depends("state", ("6", "8")),)),
            View("refused", Label("拒绝送岗", "Refused"), (Depends("state", ("3",)),)),
        ),
    )
