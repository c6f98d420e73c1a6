"""The forms of the console and their validation."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from server.accounts.access import RESTRICTED, REVEALERS, Access
from server.accounts.models import ProgramDoor, Role
from server.accounts.tokens import DAYS
from server.console.problems import FormFieldsWrong
from server.console.second_factor import checked_user
from server.disclosure.selectors import subjects
from server.erasure.models import Erasure
from server.forms.keys import PASSPHRASE_LENGTH
from server.geo.selectors import division_names
from server.ledgers.definitions.columns import Kind, Sensitivity
from server.ledgers.definitions.ledgers import COLUMNS, DEFINITIONS
from server.ledgers.definitions.vocabulary import OF_LINKS
from server.quarantine.models import Repair
from server.submissions.models import ReviewState


class LoginForm(AuthenticationForm):
    """User name and password, with a pause after too many wrong ones."""

    def clean(self) -> dict[str, Any]:
        username, password = (self.cleaned_data.get(name) for name in ("username", "password"))
        if not (username and password):
            return self.cleaned_data  # the fields say what is missing
        self.user_cache = checked_user(self.request, username, password)
        if self.user_cache is None:
            raise self.get_invalid_login_error()
        return self.cleaned_data


class PasswordForm(forms.Form):
    """The present password and a new one, typed twice."""

    current = forms.CharField(
        label=_("Present password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    password = forms.CharField(
        label=_("New password"),
        strip=False,
        max_length=500,
        help_text=_("At least 10 characters, not only digits, not a common one, not your name."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=_("The new password once more"),
        strip=False,
        max_length=500,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request

    def clean_current(self) -> str:
        current: str = self.cleaned_data["current"]
        user = self.request.user
        if checked_user(self.request, user.get_username(), current) != user:
            raise ValidationError(_("This is not your present password."), code="wrong")
        return current

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        if "password" in values and values["password"] != values.get("again"):
            self.add_error("again", _("The two differ; nothing was changed."))
        return values


class TokenForm(forms.Form):
    """A new token for a program."""

    label = forms.CharField(label=_("For which program"), max_length=100, widget=forms.TextInput())
    doors = forms.MultipleChoiceField(
        label=_("Opens"), choices=ProgramDoor, widget=forms.CheckboxSelectMultiple
    )
    may_write = forms.BooleanField(label=_("May also change, decide and reveal"), required=False)
    days = forms.TypedChoiceField(
        label=_("Valid for"), coerce=int, choices=[(days, days) for days in DAYS]
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        texts = [(days, ngettext("{n} day", "{n} days", days).format(n=days)) for days in DAYS]
        self.fields["days"].choices = texts  # type: ignore[attr-defined]


class DecisionForm(forms.Form):
    """A reviewer's decision; the service decides whether it needs a reason."""

    state = forms.ChoiceField(
        label=_("Decision"),
        choices=[
            (state.value, state.label)
            for state in (
                ReviewState.APPROVED,
                ReviewState.HAS_ISSUES,
                ReviewState.REJECTED,
                ReviewState.RECEIVED,
            )
        ],
    )
    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    version = forms.CharField(required=False, max_length=249)  # the version that the page shows
    last_decision = forms.IntegerField(required=False, min_value=0)  # that the page shows; 0: none


class ApproveManyForm(forms.Form):
    """Approving what passes a filter: as it stood when the page was shown."""

    seen_at = forms.CharField(max_length=40)
    with_remarks = forms.BooleanField(label=_("Also those with remarks"), required=False)
    reason = forms.CharField(label=_("Note (optional)"), required=False, max_length=500)

    def clean_seen_at(self) -> datetime:
        try:
            seen_at = datetime.fromisoformat(self.cleaned_data["seen_at"])
        except ValueError:
            seen_at = None
        if seen_at is None or seen_at.tzinfo is None:
            raise ValidationError(_("Open the page again."), code="invalid")
        return seen_at


class CommentForm(forms.Form):
    """A remark on a record, without a decision."""

    body = forms.CharField(
        label=_("Comment"), max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )


class ReasonForm(forms.Form):
    """Why somebody reveals a value, or how an exception was resolved."""

    reason = forms.CharField(
        label=_("Reason"), min_length=2, max_length=500, widget=forms.TextInput()
    )


class ErasureForm(ReasonForm):
    """Why something is to be erased."""

    cause = forms.ChoiceField(label=_("Cause"), choices=Erasure.Cause.choices)


class StatementForm(ReasonForm):
    """What a desk states about a link, and why."""

    kind = forms.ChoiceField(choices=[(kind.value, kind.value) for kind in OF_LINKS])


class FindForm(forms.Form):
    """A whole number to search by, what it is, and why."""

    column = forms.ChoiceField(label=_("What it is"))
    number = forms.CharField(
        label=_("The whole number"),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    reason = forms.CharField(label=_("Reason"), max_length=500)

    def __init__(self, *args: Any, access: Access, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["column"].choices = list(_searchable(access))  # type: ignore[attr-defined]


def _searchable(access: Access) -> Iterator[tuple[str, str]]:
    """`ledger.column` → label, for the sealed columns that the user may search by."""
    for ledger in ("person", "household", "employer"):
        for column in COLUMNS[ledger].values():
            is_open = column.sensitivity is Sensitivity.MASKED or access.areas(RESTRICTED)
            if column.kind is Kind.SEALED and is_open:
                label = f"{DEFINITIONS[ledger].label} · {column.label}"
                yield f"{ledger}.{column.name}", label


class ViewForm(forms.Form):
    """What a view of a list is called, and whether the office sees it."""

    title = forms.CharField(label=_("Title"), max_length=60)
    is_shared = forms.BooleanField(label=_("The office sees it, too"), required=False)


class PermitForm(forms.Form):
    """A request for an export permit."""

    subject = forms.ChoiceField(label=_("Form or ledger"))
    area = forms.ChoiceField(label=_("Area"), required=False)
    days = forms.IntegerField(label=_("For how many days"), min_value=1, max_value=366, initial=1)
    reason = forms.CharField(
        label=_("Reason"), max_length=1000, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, access: Access, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        areas = access.areas(REVEALERS)
        names = division_names(area.ljust(12, "0") for area in areas if area)
        offered = [
            (area, names.get(area.ljust(12, "0"), area) if area else _("everywhere"))
            for area in areas
        ]
        self.fields["subject"].choices = subjects(access)  # type: ignore[attr-defined]
        self.fields["area"].choices = offered  # type: ignore[attr-defined]
        if not self.is_bound and areas:
            self.fields["area"].initial = areas[0]


class RepairForm(forms.Form):
    """How a quarantined record is repaired so that it can be accepted."""

    act = forms.ChoiceField(label=_("Repair"), choices=Repair.Act.choices)
    document = forms.FileField(label=_("Corrected XML"), required=False)
    version = forms.CharField(label=_("Form version"), required=False, max_length=250)
    reason = forms.CharField(
        label=_("Reason"), min_length=2, max_length=500, widget=forms.TextInput()
    )


class WorkerForm(forms.Form):
    """A new field account: a worker and the communities or streets they serve."""

    username = forms.CharField(label=_("User name"), max_length=150)
    name = forms.CharField(label=_("Name"), max_length=100)
    area = forms.ChoiceField(label=_("Area"))

    def __init__(self, *args: Any, areas: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["area"].choices = areas  # type: ignore[attr-defined]


class RosterForm(forms.Form):
    """A list of workers, pasted from a spreadsheet."""

    roster = forms.CharField(
        label=_("Workers"),
        max_length=20_000,
        widget=forms.Textarea(attrs={"spellcheck": "false"}),
        help_text=_(
            "A line each: name, division (name or code), user name if you like. Copy the cells from a spreadsheet, or put commas between them."
        ),
    )


class BulletinForm(forms.Form):
    """A division's public bulletin of vacancies."""

    area = forms.ChoiceField(label=_("Area"))
    contact = forms.CharField(
        label=_("Where people ask for a post"), max_length=200, required=False,
        help_text=_("The office's address, telephone and hours, as everybody shall read them."),
    )  # fmt: skip
    shows_employers = forms.BooleanField(label=_("Name the employers"), required=False)
    is_open = forms.BooleanField(label=_("Open to everybody"), required=False)

    def __init__(self, *args: Any, areas: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["area"].choices = areas  # type: ignore[attr-defined]


class RoleForm(forms.Form):
    """A role in an area."""

    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)
    area = forms.ChoiceField(label=_("Area"), required=False)  # "" is everywhere

    def __init__(self, *args: Any, areas: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["area"].choices = areas  # type: ignore[attr-defined]
        self._areas = {area for area, _name in areas}

    def clean_area(self) -> str:
        area: str = self.cleaned_data["area"]
        if area not in self._areas:  # nothing chosen is not everywhere
            raise ValidationError(_("Choose an area."), code="required")
        return area


class GiveRoleForm(RoleForm):
    """A role in an area from a day on."""

    since = forms.DateField(
        label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )  # empty: today


class TakeRoleForm(forms.Form):
    """The last day of a role, and whether it is taken because it is not trusted any more."""

    until = forms.DateField(required=False)  # empty: today
    is_revoked = forms.BooleanField(required=False)


class NewUserForm(RoleForm):
    """A person who will log in, with the first role."""

    username = forms.CharField(label=_("User name"), max_length=150)
    name = forms.CharField(label=_("Name"), max_length=100)
    field_order = ("username", "name", "role", "area")


class PublishForm(forms.Form):
    """A workbook or an XForm, and the media files it names."""

    workbook = forms.FileField(
        label=_("XLSForm workbook (.xlsx, .xls) or XForm (.xml)"),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.xls,.xml"}),
    )
    new_lists = forms.BooleanField(
        label=_("Entity lists that the form names and nobody has are made"), required=False
    )


class AudienceForm(forms.Form):
    """Areas and workers that are offered a form."""

    areas = forms.MultipleChoiceField(
        label=_("Areas"), required=False, widget=forms.CheckboxSelectMultiple
    )
    users = forms.MultipleChoiceField(
        label=_("Workers"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(
        self, *args: Any, areas: list[tuple[str, str]], users: list[tuple[str, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["areas"].choices = areas  # type: ignore[attr-defined]
        self.fields["users"].choices = users  # type: ignore[attr-defined]


class NewPassphrase(forms.Form):
    """A passphrase that protects a private key from now on, typed twice; empty for none."""

    passphrase = forms.CharField(
        label=_("Passphrase (optional)"),
        required=False,
        strip=False,
        min_length=PASSPHRASE_LENGTH,
        max_length=500,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=_("The passphrase once more"),
        required=False,
        strip=False,
        max_length=500,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        if "passphrase" in values and values["passphrase"] != values.get("again"):
            self.add_error("again", _("The two differ; nothing was changed."))
        return values


class KeyForm(NewPassphrase):
    """The form that a key is made for."""

    form = forms.ChoiceField(label=_("Form"))
    field_order = ("form", "passphrase", "again")

    def __init__(self, *args: Any, forms: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["form"].choices = forms  # type: ignore[attr-defined]


class PrivateKeyForm(NewPassphrase):
    """The file with a private key."""

    file = forms.FileField(
        label=_("Private key (.pem)"), widget=forms.FileInput(attrs={"accept": ".pem,.key"})
    )
    password = forms.CharField(
        label=_("Password of the file, if it has one"),
        required=False,
        strip=False,
        max_length=500,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
    field_order = ("file", "password", "passphrase", "again")


class OpeningForm(forms.Form):
    """A key's passphrase, and how many records the page has opened with it so far."""

    passphrase = forms.CharField(label=_("Passphrase"), required=False, strip=False, max_length=500)
    opened = forms.IntegerField(required=False, min_value=0)
    altered = forms.IntegerField(required=False, min_value=0)


def checked(form: forms.Form) -> dict[str, Any]:
    """The form's clean data. Raises FormFieldsWrong naming the first faulty field."""
    if form.is_valid():
        return form.cleaned_data
    name, messages = next(iter(form.errors.items()))
    label = form.fields[name].label if name in form.fields else ""
    raise FormFieldsWrong(field=label, message=messages[0])
