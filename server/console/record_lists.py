"""The lists of submissions and exceptions as tables (decision 0384)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from server.accounts.access import REVIEWERS
from server.console.answer_columns import Question, answers_in_columns, questions_of
from server.console.exception_sentences import sentence_of, subjects_of
from server.console.listing import Listing
from server.console.pages import StaffRequest, area_names, query_with
from server.console.presentation import joined_title, minute, words_of
from server.console.tables import Reading, Table, TableColumn, state_of, whole_number
from server.console.templatetags.console import TONES, entry_link, flag_label, label_of_ledger, text
from server.console.templatetags.corrections import BADGES, sent_back_in
from server.core.keyset import Key
from server.core.labels import listed
from server.corrections.selectors import states_of
from server.entering.selectors import marked
from server.ledgers.filters import ExceptionFilters
from server.ledgers.models import LedgerException
from server.ledgers.selectors import exceptions, with_records
from server.submissions.filters import SubmissionFilters
from server.submissions.models import ReviewState, Submission
from server.submissions.selectors import submissions

_MOST_WITH_ANSWERS = {"csv": 5_000, "xlsx": 5_000}
"""The most rows of a file with answers, each of which is opened and read."""


def submissions_list(request: StaffRequest) -> Listing:
    """All submissions of the reader's areas; answers may be columns while the filter leaves one form."""
    rows = marked(submissions(request.access)).select_related("form", "submitter")
    filterset = SubmissionFilters(request.GET, rows, access=request.access)
    form_id = "" if filterset.errors else request.GET.get("form", "")
    is_of_one_form = form_id != "" and "," not in form_id
    questions = questions_of(request.access, form_id, request.GET) if is_of_one_form else []
    table = Table(
        (*_SUBMISSION, *(_answer(question) for question in questions)),
        (Key("received_at", falls=True), Key("id", falls=True)),
        lambda row: reverse("console:submission", args=[row.pk]),
        key=whole_number,
    )
    state = state_of(table, request.GET)
    paths = [column.name for column in state.columns if column.name.startswith("/")]
    shown_rows = filterset.qs.order_by()
    if paths:
        shown_rows = shown_rows.select_related(
            "form", "submitter", "current_version__form_version", "current_version__encrypted"
        )

    def read(rows: Sequence[Submission], reading: Reading) -> Reading:
        answers = answers_in_columns(reading.access, rows, paths) if paths else {}
        more = {
            "sent_back": states_of(reading.access, [row.pk for row in rows]),
            "answers": {pk: dict(zip(paths, given, strict=True)) for pk, given in answers.items()},
        }
        names = area_names(area for row in rows for area in (row.area_code, row.located_area))
        return Reading(reading.access, names, reading.whole_in, more)

    more: dict[str, Any] = {"most": _MOST_WITH_ANSWERS} if paths else {}
    return Listing(
        name="submissions",
        path="submissions",
        address=reverse("console:submissions"),
        title=_("Submissions"),
        table=table,
        state=state,
        filterset=filterset,
        rows=shown_rows,
        read=read,
        shows=(
            *("state", "area", "search", "form", "submitter"),
            *("received_from", "received_to", "flag", "awaits_approval"),
        ),
        **more,
    )


def exceptions_list(request: StaffRequest) -> Listing:
    """The exceptions of the reader's areas; those that nobody resolved yet unless the address asks otherwise."""
    every = with_records(request.access, exceptions(request.access)).select_related("resolved_by")
    query = query_with(request, open="true")
    filterset = ExceptionFilters(query, every, access=request.access)
    table = Table(
        _EXCEPTION,
        (Key("opened_at", falls=True), Key("id", falls=True)),
        lambda row: "",
        key=whole_number,
        anchor="exception",
    )

    def read(rows: Sequence[LedgerException], reading: Reading) -> Reading:
        more = {
            "subjects": subjects_of(reading.access, rows),
            "may_resolve": bool(reading.access.areas(REVIEWERS)),
        }
        names = area_names(row.area_code for row in rows)
        return Reading(reading.access, names, reading.whole_in, more)

    return Listing(
        name="exceptions",
        path="exceptions",
        address=reverse("console:exceptions"),
        title=_("Exceptions"),
        table=table,
        state=state_of(table, request.GET),
        filterset=filterset,
        rows=filterset.qs.order_by(),
        read=read,
        shows=("area", "kind", "open"),
        defaults=("open",),
    )


def _answer(question: Question) -> TableColumn:
    def answer(row: Any, reading: Reading) -> str:
        given: str = reading.more["answers"].get(row.pk, {}).get(question.path, "")
        return given

    return TableColumn(question.path, question.label, answer, is_shown=question.is_shown)


def area_of(row: Any, reading: Reading) -> str:
    """The name of a row's area."""
    return str(reading.names.get(row.area_code, row.area_code))


def _title(row: Submission, _reading: Reading) -> str:
    return text(row.title) or row.form.title


def _linked_title(row: Submission, reading: Reading) -> str:
    address = reverse("console:submission", args=[row.pk])
    return format_html('<a href="{}">{}</a>', address, _title(row, reading))


def _state(row: Submission, reading: Reading) -> str:
    words: list[object] = [ReviewState(row.review_state).label]
    if row.awaits_approval:
        words.append(_("counts once approved"))
    if state := reading.more["sent_back"].get(row.pk):
        words.append(f"{_('sent back')} · {BADGES[state][1]}")
    return listed(words)


def _state_badges(row: Submission, reading: Reading) -> str:
    counts = _("counts once approved")
    return format_html(
        '<span class="badge {}">{}</span>{}{}',
        TONES.get(row.review_state, ""),
        ReviewState(row.review_state).label,
        format_html(' <span class="badge warn">{}</span>', counts) if row.awaits_approval else "",
        sent_back_in(reading.more["sent_back"], row.pk),
    )


def _submitter(row: Submission, _reading: Reading) -> str:
    words: list[object] = [row.submitter]
    if row.is_from_desk:  # type: ignore[attr-defined]
        words.append(_("at the desk"))
    return listed(words)


def _submitter_badge(row: Submission, _reading: Reading) -> str:
    badge = format_html(' <span class="badge">{}</span>', _("at the desk"))
    return format_html("{}{}", row.submitter, badge if row.is_from_desk else "")  # type: ignore[attr-defined]


def _remark_badges(row: Submission, _reading: Reading) -> str:
    labels = ((flag_label(flag),) for flag in row.flags)
    return format_html_join(" ", '<span class="badge warn">{}</span>', labels)


_SUBMISSION = (
    TableColumn(
        "received_at", gettext_lazy("Received"), lambda row, _reading: minute(row.received_at),
        sort=(Key("received_at"), Key("id")), kind="when",
    ),
    TableColumn(
        "observed_at", gettext_lazy("Visited"), lambda row, _reading: minute(row.observed_at),
        sort=(Key("observed_at"),), kind="when", is_shown=False,
    ),
    TableColumn(
        "title", gettext_lazy("Title"), _title, html=_linked_title, sort=(Key("title"),),
    ),
    TableColumn("form", gettext_lazy("Form"), lambda row, _reading: row.form.title),
    TableColumn("area_code", gettext_lazy("Area"), area_of, sort=(Key("area_code"),)),
    TableColumn("submitter", gettext_lazy("Worker"), _submitter, html=_submitter_badge, kind="nowrap"),
    TableColumn("state", gettext_lazy("State"), _state, html=_state_badges),
    TableColumn(
        "flag", gettext_lazy("Remarks"),
        lambda row, _reading: listed(flag_label(flag) for flag in row.flags), html=_remark_badges,
    ),
    TableColumn(
        "located_area", gettext_lazy("Located in"),
        lambda row, reading: str(reading.names.get(row.located_area, row.located_area)),
        is_shown=False,
    ),
    TableColumn(
        "instance_id", "instanceID", lambda row, _reading: row.instance_id, kind="code",
        is_shown=False,
    ),
)  # fmt: skip


def _kind(row: LedgerException, _reading: Reading) -> str:
    return str(row.get_kind_display())


def _kind_badge(row: LedgerException, reading: Reading) -> str:
    tone = "good" if row.resolved_at else "warn"
    return format_html('<span class="badge {}">{}</span>', tone, _kind(row, reading))


def _concerns(row: LedgerException, reading: Reading) -> str:
    subjects = reading.more["subjects"]
    titles = [subjects[entry].title for entry in (row.entry, row.other) if entry in subjects]
    return f"{label_of_ledger(row.family)} {listed(titles)}".strip()


def _concerns_linked(row: LedgerException, reading: Reading) -> str:
    entries = entry_link(row, reading.more["subjects"])
    if not row.record_id:  # type: ignore[attr-defined]
        return entries
    address = reverse("console:submission", args=[row.record_id])  # type: ignore[attr-defined]
    words = _("Open the submission")
    return format_html('{}<div class="small"><a href="{}">{}</a></div>', entries, address, words)


def _sentence(row: LedgerException, reading: Reading) -> str:
    return sentence_of(row, reading.more["subjects"])


def _resolution(row: LedgerException, _reading: Reading) -> str:
    if not row.resolved_at:
        return _("unresolved")
    who = joined_title(row, "resolved_by")
    return f"{minute(row.resolved_at)[:10]} {who} {text(row.resolution)}".strip()


def _resolve(row: LedgerException, reading: Reading) -> str:
    if row.resolved_at:
        return format_html(
            '<span class="small">{} {}</span><div>{}</div>',
            minute(row.resolved_at)[:10],
            joined_title(row, "resolved_by"),
            text(row.resolution),
        )
    if reading.more["may_resolve"]:
        address = reverse("console:settle", args=[row.pk])
        return format_html('<a class="button" href="{}">{}</a>', address, _("Settle"))
    return format_html('<span class="soft">{}</span>', _("unresolved"))


_EXCEPTION = (
    TableColumn(
        "opened_at", gettext_lazy("Since"), lambda row, _reading: minute(row.opened_at)[:10],
        sort=(Key("opened_at"), Key("id")), kind="when",
    ),
    TableColumn("kind", gettext_lazy("Kind"), _kind, html=_kind_badge, sort=(Key("kind"),)),
    TableColumn("concerns", gettext_lazy("Concerns"), _concerns, html=_concerns_linked),
    TableColumn(
        "detail", gettext_lazy("Exception"),
        lambda row, reading: words_of(_sentence(row, reading)), html=_sentence,
    ),
    TableColumn("area_code", gettext_lazy("Area"), area_of, sort=(Key("area_code"),)),
    TableColumn("resolution", gettext_lazy("How it was resolved"), _resolution, html=_resolve),
    TableColumn(
        "resolved_at", gettext_lazy("Resolved at"), lambda row, _reading: minute(row.resolved_at),
        sort=(Key("resolved_at"),), kind="when", is_shown=False,
    ),
)  # fmt: skip
