"""Answers of a record that were sent back: what waits for the worker, and what was answered."""

from __future__ import annotations

from typing import Any

from tests.factories.console import AT, make_form
from tests.factories.side import Side


def make_correction_form() -> Any:
    """A form of corrections, offered everywhere, whose list makes phones ask again."""
    from server.forms.models import FormMedia

    form = make_form("correction")
    FormMedia.objects.create(
        form_version=form.current_version,
        filename="corrections.csv",
        kind=FormMedia.Kind.ENTITY_LIST,
    )
    return form


def send_back_of(side: Side) -> None:
    """An answer of the side's record that waits for its worker, and another that was answered by the deleted one, which does not fit."""
    from server.corrections.models import Answer, AskedAnswer, SendBack

    sent = SendBack.objects.create(
        submission=side.submission,
        decision=side.submission.decisions.last(),
        state_before="received",
        reason=f"{side.tag} sent back",
        worker=side.worker,
        user=side.worker,
        at=AT,
    )
    _waiting, answered = (
        AskedAnswer.objects.create(
            send_back=sent,
            submission=side.submission,
            version=side.version,
            worker=side.worker,
            area_code=side.area,
            place=f"/data/{side.tag}-{name}",
            label=f"{side.tag} {name}",
            type="text",
            base_value=f"{side.tag} base",
            shown_value=f"{side.tag} old",
            needs_approval=False,
            fetched_at=AT,
            fetched_by=side.account,
        )
        for name in ("waiting", "answered")
    )
    correction = side.deletion.submission
    Answer.objects.create(
        version=correction.versions.get(),
        submission=correction,
        asked=answered,
        target=side.submission,
        value=f"{side.tag} new",
        fault="type",
    )
