"""The rule table: values in force with their history, changing one after a preview, taking a change back."""

from __future__ import annotations

from itertools import groupby
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from server.accounts.access import REVIEWERS, Access
from server.console.pages import StaffRequest, area_choices, area_names, staff_page
from server.core import clock
from server.core.codes import label_of
from server.ledgers import selectors, services
from server.ledgers.definitions.ledgers import COLUMNS, DEFINITIONS
from server.ledgers.definitions.rule_keys import RULE_KEYS, RuleKey, Topic
from server.ledgers.folding.derive.rules import Rule
from server.ledgers.refolding.previewing import Preview

_MOST: Final = 200
"""Entries of each ledger that a preview folds."""
_SAMPLE: Final = 20


class RuleForm(forms.Form):
    """A value of a rule for an area and days."""

    area = forms.ChoiceField(label=gettext_lazy("Area"), required=False)
    value = forms.CharField(label=gettext_lazy("Value"), max_length=60)
    since = forms.DateField(
        label=gettext_lazy("First day"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    until = forms.DateField(
        label=gettext_lazy("Holds no longer from"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, *args: Any, areas: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["area"].choices = areas  # type: ignore[attr-defined]


@staff_page(roles=REVIEWERS)
def rules(request: StaffRequest) -> HttpResponse:
    """Every rule by purpose, with the value in force in an area today and what was decided about it."""
    areas = _areas(request.access)
    area = request.GET.get("area", areas[0][0])
    if area not in {code for code, _name in areas}:
        raise Http404
    listed = selectors.standing_list(request.access, area, clock.today())
    topics = [
        (Topic(topic).label, [(item, _may(request.access, item.rule, area)) for item in items])
        for topic, items in groupby(listed, key=lambda item: item.rule.topic)
    ]
    codes = (value.area_code.ljust(12, "0") for item in listed for value in item.history)
    context = {
        "topics": topics,
        "areas": areas,
        "area": area,
        "names": area_names(codes),
        "today": clock.today(),
    }
    return render(request, "console/rules/list.html", context)


@staff_page("GET", "HEAD", "POST", roles=REVIEWERS)
def change(request: StaffRequest) -> HttpResponse:
    """Change the rule of the address: by POST a preview, and with a reason the change itself.

    Raises BadRule, RuleNotYours, ActReasonMissing.
    """
    rule = RULE_KEYS.get(request.POST.get("key", request.GET.get("key", "")))
    if rule is None:
        raise Http404
    areas = [
        (code, name)
        for code, name in _areas(request.access.held_as(REVIEWERS))
        if _may(request.access, rule, code)
    ]
    context: dict[str, Any] = {"rule": rule}
    if request.method == "POST":
        form = RuleForm(request.POST, areas=areas)
        if not form.is_valid():
            context |= {"form": form, "areas": areas}
            return render(request, "console/rules/change.html", context, status=400)
        proposed = _proposed(request.access, rule, form.cleaned_data)
        if "reason" in request.POST:
            services.change_rule(
                proposed,
                reason=request.POST["reason"],
                access=request.access,
                at=clock.now(),
            )
            messages.success(request, _("The rule is changed. The ledgers follow within minutes."))
            return redirect("console:rules")
        foreseen = selectors.preview_change(
            request.access, proposed, today=clock.today(), most=_MOST
        )
        context |= {"proposed": proposed, "in_words": rule.in_words(proposed.value)}
        context |= _preview(foreseen)
    else:
        initial = {"area": request.GET.get("area", ""), "since": clock.today()}
        form = RuleForm(areas=areas, initial=initial)
    return render(request, "console/rules/change.html", {**context, "form": form, "areas": areas})


@staff_page("GET", "HEAD", "POST", roles=REVIEWERS)
def withdraw(request: StaffRequest, number: int) -> HttpResponse:
    """What taking a change back would change; by POST it is taken back.

    Raises NoSuchRule, RuleNotYours, RuleWithdrawn, ActReasonMissing.
    """
    if request.method == "POST":
        services.withdraw_rule(
            number, reason=request.POST.get("reason", ""), access=request.access, at=clock.now()
        )
        messages.success(request, _("The change is taken back. The ledgers follow within minutes."))
        return redirect("console:rules")
    foreseen = selectors.preview_withdrawal(request.access, number, today=clock.today(), most=_MOST)
    value = selectors.decided_rules(request.access).get(pk=number)
    rule = RULE_KEYS[value.key]
    context = {"rule": rule, "value": value, "in_words": rule.in_words(value.value)}
    return render(request, "console/rules/withdraw.html", {**context, **_preview(foreseen)})


def _areas(access: Access) -> list[tuple[str, str]]:
    """The areas of the user's roles and the divisions inside them, each by its leading digits."""
    own = access.areas(REVIEWERS)
    names = area_names(area.ljust(12, "0") for area in own if area)
    wide = {area: names.get(area.ljust(12, "0"), area) if area else _("everywhere") for area in own}
    return [*wide.items(), *(item for item in area_choices(access) if item[0] not in wide)]


def _may(access: Access, rule: RuleKey, area: str) -> bool:
    return selectors.may_change(access, rule, area)


def _proposed(access: Access, rule: RuleKey, given: dict[str, Any]) -> Rule:
    return selectors.proposed_rule(
        access,
        key=rule.key,
        area=given["area"],
        value=given["value"],
        since=given["since"],
        until=given["until"],
    )


def _preview(foreseen: Preview) -> dict[str, Any]:
    changes = [
        (
            DEFINITIONS[ledger].label,
            COLUMNS[ledger][column].label if column in COLUMNS[ledger] else _("history"),
            _value(ledger, column, before),
            _value(ledger, column, after),
            rows,
        )
        for (ledger, column, before, after), rows in sorted(foreseen.columns.items())
        if column
    ]
    come_or_go = [
        (DEFINITIONS[ledger].label, bool(after), rows)
        for (ledger, column, _before, after), rows in sorted(foreseen.columns.items())
        if not column
    ]
    return {
        "foreseen": foreseen,
        "changes": changes,
        "come_or_go": come_or_go,
        "cut": [DEFINITIONS[ledger].label for ledger in sorted(foreseen.cut)],
        "compared": foreseen.compared.total(),
        "sample": sorted(foreseen.entries)[:_SAMPLE],
        "most": _MOST,
    }


def _value(ledger: str, column: str, value: str) -> str:
    known = COLUMNS[ledger].get(column)
    if known is None or not value:
        return ""
    if known.codes:
        return label_of(known.codes, value)
    return {"True": _("yes"), "False": _("no")}.get(value, value)
