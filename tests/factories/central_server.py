"""An ODK Central server with one project, as its API gives it (docs.getodk.org/central-api), on a port of this machine."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import quote

EMAIL, PASSWORD = "admin@example.org", "correct horse"


@dataclass
class Project:
    """What the project answers at each path below …/v1/projects/1."""

    answers: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    refuses_after: int | None = None  # requests answered before the server goes away

    def form(
        self, form_id: str, versions: list[tuple[str, bytes, dict[str, bytes]]], **about: Any
    ) -> str:
        """Add a form with its versions (name, workbook, files), the newest last; its path."""
        path = f"/forms/{quote(form_id, safe='')}"
        listed = [
            {
                "projectId": 1, "xmlFormId": form_id, "version": name, "name": form_id,
                "state": "open", "draftToken": None, "keyId": None, "hash": "0" * 32,
                "publishedAt": f"2026-01-{number:02}T08:00:00.000Z", **about,
            }
            for number, (name, _workbook, _files) in enumerate(versions, 1)
        ]  # fmt: skip
        self.answers.setdefault("/forms", []).append({**listed[-1], "submissions": 0})
        self.answers[f"{path}/versions"] = listed[::-1]
        for name, workbook, files in versions:
            own = f"{path}/versions/{quote(name or '___', safe='')}"
            self.answers[f"{own}.xlsx"] = workbook
            self._files(f"{own}/attachments", files)
        self.answers[f"{path}/submissions"] = []
        return path

    def record(
        self,
        path: str,
        versions: list[tuple[str, bytes, dict[str, bytes]]],
        state: str | None = None,
        comments: tuple[str, ...] = (),
    ) -> None:
        """Add a record of the form at `path` with its versions (instanceID, document, files), the newest last."""
        first, number = versions[0][0], len(self.answers[f"{path}/submissions"])
        at = f"2026-02-{number + 1:02}T0%s:00:00.000Z"
        listed = [
            {
                "instanceId": instance_id, "instanceName": None, "submitterId": 5,
                "deviceId": "collect:1", "userAgent": "org.odk.collect.android/v2025.1",
                "createdAt": at % place, "current": place == len(versions) - 1,
            }
            for place, (instance_id, _document, _files) in enumerate(versions)
        ]  # fmt: skip
        self.answers[f"{path}/submissions"].append(
            {
                "instanceId": first, "submitterId": 5, "deviceId": "collect:1",
                "createdAt": at % 0, "updatedAt": None, "reviewState": state,
                "currentVersion": listed[-1],
            }
        )  # fmt: skip
        self.answers["/forms"][-1]["submissions"] += 1
        own = f"{path}/submissions/{quote(first, safe='')}"
        self.answers[f"{own}/versions"] = listed[::-1]
        self.answers[f"{own}/comments"] = [
            {"body": body, "actorId": 5, "createdAt": "2026-03-01T08:00:00.000Z"}
            for body in comments[::-1]
        ]
        for instance_id, document, files in versions:
            version = f"{own}/versions/{quote(instance_id, safe='')}"
            self.answers[f"{version}.xml"] = document
            self._files(f"{version}/attachments", files)

    def _files(self, path: str, files: dict[str, bytes]) -> None:
        self.answers[path] = [
            {
                "name": name, "type": "image", "exists": bool(content),
                "blobExists": bool(content), "datasetExists": False,
            }
            for name, content in files.items()
        ]  # fmt: skip
        self.answers |= {f"{path}/{quote(name, safe='')}": held for name, held in files.items()}

    def entity_list(self, name: str, properties: list[str]) -> None:
        """Add an entity list."""
        about = {"name": name, "projectId": 1, "approvalRequired": False}
        self.answers.setdefault("/datasets", []).append(about)
        self.answers[f"/datasets/{name}"] = {
            **about, "properties": [{"name": each, "odataName": each} for each in properties],
        }  # fmt: skip
        self.answers[f"/datasets/{name}/entities"] = []

    def entity(self, name: str, uuid: str, versions: list[tuple[str, dict[str, str]]]) -> None:
        """Add an entity with its versions (label, values), the newest last."""
        self.answers[f"/datasets/{name}/entities"].append(
            {"uuid": uuid, "createdAt": "2026-02-01T08:00:00.000Z", "deletedAt": None}
        )
        self.answers[f"/datasets/{name}/entities/{uuid}/versions"] = [
            {
                "label": label, "data": values, "version": number,
                "createdAt": f"2026-02-{number:02}T08:00:00.000Z",
            }
            for number, (label, values) in enumerate(versions, 1)
        ]  # fmt: skip

    def answer(self, path: str) -> tuple[int, bytes]:
        """The status and body at a path."""
        self.asked.append(path)
        if self.refuses_after is not None and len(self.asked) > self.refuses_after:
            return 503, b'{"code": 503, "message": "down for maintenance"}'
        answer = self.answers.get(path)
        if answer is None:
            return (
                404,
                b'{"code": 404.1, "message": "Could not find the resource you were looking for."}',
            )
        return 200, answer if isinstance(answer, bytes) else json.dumps(answer).encode()


@contextmanager
def serving(project: Project) -> Iterator[str]:
    """The address of a server that has the project as number 1."""
    project.answers.setdefault("", {"id": 1, "name": "Trees"})
    for path in ("/forms", "/datasets", "/app-users"):
        project.answers.setdefault(path, [])

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            is_known = body == {"email": EMAIL, "password": PASSWORD}
            known = (200, b'{"token": "t0ken"}')
            self._send(*(known if is_known and self.path == "/v1/sessions" else (401, b"{}")))

        def do_GET(self) -> None:
            place = re.fullmatch(r"/v1/projects/1(.*)", self.path)
            if self.headers.get("Authorization") != "Bearer t0ken":
                self._send(401, b'{"message": "Could not authenticate."}')
            else:
                self._send(*(project.answer(place[1]) if place else (404, b"{}")))

        def _send(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_what: Any) -> None:
            """Write nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
