"""The entity lists by which a worker's phone gets what was sent back (openrosa.md, Corrections).

`corrections` has a row for each answer that waits for this worker, `correction_choices` the
choices of the questions among them. A phone may be lost: no ID number, day of birth or phone
stands here, and no restricted answer.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator, Sequence
from typing import Any, Final
from uuid import UUID, uuid5

from server.accounts.access import Worker
from server.core.masking import mask_numbers
from server.corrections.models import AskedAnswer
from server.corrections.selectors import Waiting, waiting_of_worker
from server.forms.models import FormVersion

CORRECTIONS: Final = "corrections"
_CHOICES: Final = UUID("b1f2ad6e-5f7c-5d5a-9a61-2d5d1b9b2f10")


class WaitingList:
    """A list made of what waits for the worker; the rows are few, so the hash is that of the list itself."""

    saved_by = ""
    columns: tuple[str, ...] = ()

    def rows(self, waiting: Sequence[Waiting]) -> Iterator[tuple[Any, ...]]:
        """The rows for what waits, in the order of the columns."""
        raise NotImplementedError

    def hash(self, worker: Worker) -> str:
        """MD5 hex of the list."""
        return hashlib.md5(self._written(worker), usedforsecurity=False).hexdigest()

    def csv(self, worker: Worker) -> Iterator[bytes]:
        """The header and all rows."""
        yield self._written(worker)

    def _written(self, worker: Worker) -> bytes:
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows(self.rows(waiting_of_worker(worker.user_id)))
        return buffer.getvalue().encode()


class CorrectionList(WaitingList):
    """One row for each answer that waits for the worker."""

    columns = (
        "name", "label", "__version", "community", "instance", "path", "form", "household",
        "question", "old_value", "reason", "type", "list",
    )  # fmt: skip

    def rows(self, waiting: Sequence[Waiting]) -> Iterator[tuple[Any, ...]]:
        """The rows, those sent back first first."""
        for item in waiting:
            asked, record = item.asked, item.asked.submission
            home, form = mask_numbers(record.title), record.form.title
            parts = (form, home, asked.label, asked.shown_value)
            yield (
                asked.pk,
                " · ".join(filter(None, parts)),
                item.round,
                asked.area_code,
                record.instance_id,
                asked.place,
                form,
                home,
                asked.label,
                asked.shown_value,
                mask_numbers(item.reason),
                asked.type,
                choice_list(asked),
            )


class ChoiceList(WaitingList):
    """The choices of the questions that wait for the worker, each list once."""

    columns = ("name", "label", "__version", "list", "code")

    def rows(self, waiting: Sequence[Waiting]) -> Iterator[tuple[Any, ...]]:
        """The choices in the order of their form, labelled in Chinese."""
        lists = {choice_list(item.asked): item.asked for item in waiting if item.asked.choice_list}
        versions = FormVersion.objects.in_bulk(
            [asked.version.form_version_id for asked in lists.values()]
        )
        for name, asked in lists.items():
            form = versions[asked.version.form_version_id]
            for code, texts in form.questions.get("choices", {}).get(asked.choice_list, {}).items():
                label = texts.get("zh") or texts.get("en") or code
                yield uuid5(_CHOICES, f"{name} {code}"), label, 1, name, code


def choice_list(asked: AskedAnswer) -> str:
    """The name of the answer's choices in `correction_choices`; "" without any."""
    return f"{asked.version.form_version_id}-{asked.choice_list}" if asked.choice_list else ""


corrections = CorrectionList()
correction_choices = ChoiceList()
