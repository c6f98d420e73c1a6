"""A street where people publish workbooks, fill them in on a phone, and read what became of it."""

from __future__ import annotations

import io
import json
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import openpyxl
from django.test import Client

from tests.factories.submissions import Phone

Cells = Iterable[Iterable[Any]] | str


def book(sheets: Mapping[str, Cells]) -> bytes:
    """An .xlsx; a sheet is a list of rows, or lines of cells with | between them."""
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    for name, rows in sheets.items():
        sheet = workbook.create_sheet(name)
        if isinstance(rows, str):
            rows = [
                [cell.strip() for cell in line.strip().split("|")]
                for line in rows.strip().splitlines()
            ]
        for row in rows:
            sheet.append([None if cell == "" else cell for cell in row])
    stream = io.BytesIO()
    workbook.save(stream)
    return stream.getvalue()


def instance(
    form: str, answers: str, *, version: str = "1", iid: str = "", meta: str = ""
) -> bytes:
    """A filled-in form."""
    return (
        f'<data id="{form}" version="{version}">{answers}'
        f"<meta><instanceID>{iid or f'uuid:{uuid.uuid4()}'}</instanceID>{meta}</meta></data>"
    ).encode()


def id_of(document: bytes) -> str:
    """The instanceID of a filled-in form."""
    return document.decode().partition("<instanceID>")[2].partition("</instanceID>")[0]


@dataclass
class Field:
    """The doors that people of the field use, each as the client that uses it."""

    administrator: Client
    phone: Phone
    street: Client
    names: Iterable[int] = field(default_factory=lambda: iter(range(1000)))

    def publish(
        self,
        sheets: Mapping[str, Cells] | bytes,
        media: Mapping[str, bytes] | None = None,
        *,
        new_lists: bool = True,
        filename: str = "form.xlsx",
    ) -> Any:
        """The answer of POST /api/v1/forms/."""
        content = sheets if isinstance(sheets, bytes) else book(sheets)
        workbook = io.BytesIO(content)
        workbook.name = filename
        files = []
        for name, data in (media or {}).items():
            file = io.BytesIO(data)
            file.name = name
            files.append(file)
        return self.administrator.post(
            "/api/v1/forms/", {"workbook": workbook, "media": files, "new_lists": new_lists}
        )

    def form(self, survey: Cells, **sheets: Any) -> str:
        """The form_id of a form that was published from these sheets."""
        form_id = f"form_{next(iter(self.names))}"
        settings = [["form_id", "version", "form_title"], [form_id, "1", "Form"]]
        answer = self.publish({"survey": survey, "settings": settings, **sheets})
        assert answer.status_code == 201, answer.content
        return form_id

    def ledger_form(
        self, form_id: str, survey: Iterable[list[str]], ledgers: Iterable[list[str]]
    ) -> str:
        """The form_id of a form that was published and whose questions are saved to ledgers."""
        answer = self.publish(
            {
                "survey": [["type", "name", "label", "bind::ruhu:saveto"], *survey],
                "settings": [
                    ["form_id", "version", "form_title", "namespaces"],
                    [form_id, "1", "Form", 'ruhu="urn:ruhu:xforms"'],
                ],
                "ledgers": [["ledger", "at", "key", "link"], *ledgers],
            }
        )
        assert answer.status_code == 201, answer.content
        return form_id

    def send(self, document: bytes, files: Mapping[str, bytes] | None = None) -> Any:
        """The answer to a phone that sends a record."""
        parts = [("xml_submission_file", "data.xml", "text/xml", document)]
        parts += [(name, name, "image/jpeg", data) for name, data in (files or {}).items()]
        body = b"".join(
            f'--b\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\n'
            f"Content-Type: {kind}\r\n\r\n".encode()
            + content
            + b"\r\n"
            for name, filename, kind, content in parts
        )
        return self.post(body + b"--b--\r\n")

    def post(self, body: bytes) -> Any:
        """The answer to a phone that sends this body, of which --b divides the parts."""
        return Client().generic(
            "POST",
            f"{self.phone.base}/submission",
            body,
            content_type='multipart/form-data; boundary="b"',
        )

    def taken(self, document: bytes, files: Mapping[str, bytes] | None = None) -> str:
        """The instanceID of a record that was sent and that the worker took up."""
        from server.submissions.drain import drain_now

        answer = self.send(document, files)
        assert answer.status_code == 201, answer.content
        drain_now()
        return id_of(document)

    def record(self, instance_id: str, client: Client | None = None) -> Any:
        """The answer of REST about a record."""
        path = f"/api/v1/submissions/{quote(instance_id, safe='')}/"
        return (client or self.administrator).get(path)

    def central(self, path: str, **options: Any) -> Any:
        """The answer of /v1 below the one project; options are those with a $."""
        named = {f"${name}": value for name, value in options.items()}
        return self.administrator.get(f"/v1/projects/1{path}", named or None, secure=True)

    def rows(self, form: str, table: str = "Submissions", **options: Any) -> list[dict[str, Any]]:
        """The rows of a form's table."""
        answer = self.central(f"/forms/{quote(form)}.svc/{quote(table, safe='()/')}", **options)
        assert answer.status_code == 200, answer.getvalue()
        rows: list[dict[str, Any]] = json.loads(answer.getvalue())["value"]
        return rows


Asking = Callable[..., Client]


def field_of(asking: Asking, phone: Phone) -> Field:
    """The field of a street with a phone."""
    desk = asking("administrator", area="")
    return Field(desk, phone, asking("street"))
