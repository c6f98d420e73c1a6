"""Which forms a person may fill in at the desk, and what these forms need."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, Q, QuerySet

from server.accounts.access import SENDERS, Access, Worker
from server.corrections.phones import CORRECTIONS
from server.entering.prefilling import first_answers
from server.entering.problems import NotToEnter
from server.forms.models import Form, FormAudience, FormMedia, FormVersion
from server.submissions.models import Submission
from server.submissions.services.uploads import DESK

NUMBER: Final = "person.id_no"
"""What the question saves to that takes the number of somebody who comes to the window."""


def forms_to_enter(access: Access) -> QuerySet[Form]:
    """The open forms offered to the person or within the person's areas, by title.

    Left out are forms whose records phones encrypt, which a browser would send open, and the
    form of corrections, whose list only phones hold.
    """
    areas = access.areas(SENDERS)
    if not areas:
        return Form.objects.none()
    meets = Q(user_id=access.user_id)
    for area in areas:
        wider = [area[:length] for length in range(len(area) + 1)]
        meets |= Q(area__in=wider) | Q(area__startswith=area)
    audience = FormAudience.objects.filter(meets, form=OuterRef("pk"))
    corrections = FormMedia.objects.filter(
        form_version=OuterRef("current_version"), filename=f"{CORRECTIONS}.csv"
    )
    return (
        Form.objects.filter(
            Exists(audience),
            ~Exists(corrections),
            state=Form.State.OPEN,
            current_version__isnull=False,
            current_version__encryption_key=None,
        )
        .select_related("current_version")
        .defer(*(f"current_version__{name}" for name in ("xform", "mapping", "questions")))
        .order_by("title", "form_id")
    )


def version_to_enter(access: Access, form_id: str) -> FormVersion:
    """The current version of a form that the person may fill in. Raises NotToEnter."""
    form = None if "\0" in form_id else forms_to_enter(access).filter(form_id=form_id).first()
    if form is None:
        raise NotToEnter
    return FormVersion.objects.select_related("form").get(current_of=form)


def sees_as(access: Access) -> Worker:
    """Whose entity lists the form shows: the person's, in all areas that the person's records may name."""
    return Worker(access.user_id, access.areas(SENDERS))


def forms_about_persons(forms: QuerySet[Form]) -> QuerySet[Form]:
    """Those of the forms in which a person or a household is chosen from a list."""
    listed = FormMedia.objects.filter(
        form_version=OuterRef("current_version"), filename__in=("persons.csv", "households.csv")
    )
    return forms.filter(Exists(listed))


def forms_for_newcomers(access: Access) -> list[Form]:
    """The forms that can be started with the ID number of somebody who is on no list. One query, and one for each new version."""
    forms = forms_about_persons(forms_to_enter(access))
    return [form for form in forms if _takes_number(form.current_version_id or 0)]


@lru_cache(maxsize=256)
def _takes_number(version: int) -> bool:
    """Whether a question outside repeats takes an ID number; cached, because a version never changes."""
    xform = FormVersion.objects.values_list("xform", flat=True).get(pk=version)
    return bool(first_answers(bytes(xform), chosen={}, typed={NUMBER: "1"}))


def marked(rows: QuerySet[Submission]) -> QuerySet[Submission]:
    """The submissions, each with `is_from_desk`: whether its current version was filled in at the desk."""
    at_desk = Q(current_version__device_id=DESK, current_version__field_account=None)
    return rows.annotate(is_from_desk=ExpressionWrapper(at_desk, output_field=BooleanField()))
