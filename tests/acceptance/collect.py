"""A phone that speaks to the server as ODK Collect does and is as strict (openrosa.md, Requests and responses)."""

from __future__ import annotations

import hashlib
import secrets
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field

import requests

LIST = "{http://openrosa.org/xforms/xformsList}"
MANIFEST = "{http://openrosa.org/xforms/xformsManifest}"
SENT = (201, 202)


@dataclass
class BlankForm:
    """A blank form on the phone, with its media."""

    form_id: str
    version: str
    xform: bytes
    media: dict[str, bytes] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)  # of the media, as the manifest gave them


class Collect:
    """One installation of Collect, configured with a base URL."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url.rstrip("/")
        self.device_id = f"collect:{secrets.token_urlsafe(12)[:16]}"
        self.http = requests.Session()
        self.http.headers.update(
            {
                "X-OpenRosa-Version": "1.0",
                "User-Agent": "org.odk.collect.android/v2026.2.1 Dalvik/2.1.0",
            }
        )

    def sync(self) -> dict[str, BlankForm]:
        """All forms that "match exactly" fetches, by form id."""
        forms = {}
        for entry in self._xml(f"{self.base_url}/formList").iter(f"{LIST}xform"):
            text = {child.tag.removeprefix(LIST): (child.text or "").strip() for child in entry}
            xform = self._get(text["downloadUrl"]).content
            assert text["hash"] == "md5:" + hashlib.md5(xform).hexdigest()
            form = BlankForm(text["formID"], text.get("version", ""), xform)
            if manifest_url := text.get("manifestUrl"):
                self._fetch_media(form, manifest_url)
            forms[form.form_id] = form
        return forms

    def _fetch_media(self, form: BlankForm, manifest_url: str) -> None:
        for entry in self._xml(manifest_url).iter(f"{MANIFEST}mediaFile"):
            text = {child.tag.removeprefix(MANIFEST): (child.text or "").strip() for child in entry}
            name = text["filename"]
            form.media[name] = self._get(text["downloadUrl"]).content
            form.hashes[name] = text["hash"]
            if entry.get("type") is None:
                assert text["hash"] == "md5:" + hashlib.md5(form.media[name]).hexdigest()

    def send(
        self, instance: bytes, attachments: dict[str, bytes] | None = None
    ) -> requests.Response:
        """HEAD, then POST in one part, as for a finalised record; the caller looks at the status."""
        url = f"{self.base_url}/submission"
        head = self.http.head(url, params={"deviceID": self.device_id}, timeout=30)
        assert head.status_code == 204, head.status_code
        assert int(head.headers["X-OpenRosa-Accept-Content-Length"]) >= 10_000_000
        boundary = secrets.token_hex(16)
        return self.http.post(
            url,
            params={"deviceID": self.device_id},
            data=_multipart(boundary, instance, attachments or {}),
            headers={"Content-Type": f"multipart/form-data; boundary={boundary}"},
            timeout=60,
        )

    def _get(self, url: str) -> requests.Response:
        response = self.http.get(url, params={"deviceID": self.device_id}, timeout=30)
        assert response.status_code == 200, (response.status_code, response.text[:300])
        return response

    def _xml(self, url: str) -> ET.Element:
        response = self._get(url)
        assert response.headers["X-OpenRosa-Version"] == "1.0"
        assert "text/xml" in response.headers["Content-Type"]
        return ET.fromstring(response.content)


def _multipart(boundary: str, instance: bytes, attachments: dict[str, bytes]) -> bytes:
    """The body as OkHttp writes it: names raw UTF-8, XML first, one part a file."""
    parts = [("xml_submission_file", "入户 调查 2026.xml", "text/xml; charset=utf-8", instance)]
    for name, content in attachments.items():
        kind = "text/csv" if name.endswith(".csv") else "image/jpeg"
        parts.append((name, name, kind, content))
    body = b""
    for name, filename, kind, content in parts:
        disposition = f'form-data; name="{name}"; filename="{filename}"'
        head = f"--{boundary}\r\nContent-Disposition: {disposition}\r\nContent-Type: {kind}\r\n\r\n"
        body += head.encode() + content + b"\r\n"
    return body + f"--{boundary}--\r\n".encode()
