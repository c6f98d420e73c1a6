"""Fetches what a sync fetches, and checks it by Collect's strict rules."""

from __future__ import annotations

import hashlib
import re
from xml.etree import ElementTree

from tests.acceptance.openrosa.line import (
    Line,
)

LIST = "{http://openrosa.org/xforms/xformsList}"
MANIFEST = "{http://openrosa.org/xforms/xformsManifest}"
H = "{http://www.w3.org/1999/xhtml}"
X = "{http://www.w3.org/2002/xforms}"
HASH = re.compile(r"md5:[0-9a-f]{32}")
URL = re.compile(r"https?://[A-Za-z0-9.:-]+(/([A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-F]{2})*)*")
MULTIPART = "multipart/form-data; boundary=x"


def listed(line: Line, query: str = "") -> list[dict[str, str]]:
    """The form list by Collect's rules: namespace, root, and every child that it needs."""
    response = line.get(f"/formList{query}")
    assert response.status_code == 200
    assert response.headers["X-OpenRosa-Version"] == "1.0"
    assert "text/xml" in response.headers["Content-Type"]
    root = ElementTree.fromstring(response.content)
    assert root.tag == f"{LIST}xforms"
    forms = []
    for entry in root:
        assert entry.tag == f"{LIST}xform"
        form = {child.tag.removeprefix(LIST): (child.text or "").strip() for child in entry}
        assert form["formID"]
        assert form["name"]
        assert form["downloadUrl"]
        assert form.get("hash") != ""
        forms.append(form)
    return forms


def manifest_of(line: Line, form: dict[str, str]) -> list[dict[str, str]]:
    """The manifest by Collect's rules; the entry's `type` among the children."""
    response = line.get(form["manifestUrl"])
    assert response.status_code == 200
    assert response.headers["X-OpenRosa-Version"] == "1.0"
    assert "text/xml" in response.headers["Content-Type"]
    root = ElementTree.fromstring(response.content)
    assert root.tag == f"{MANIFEST}manifest"
    files = []
    for entry in root:
        assert entry.tag == f"{MANIFEST}mediaFile"
        file = {child.tag.removeprefix(MANIFEST): (child.text or "").strip() for child in entry}
        assert file["filename"]
        assert len(file["hash"]) > 4
        assert file["downloadUrl"]
        files.append({**file, "type": entry.get("type", "")})
    return files


def media_of(line: Line) -> list[dict[str, str]]:
    return [
        file for form in listed(line) if "manifestUrl" in form for file in manifest_of(line, form)
    ]


def every_get(line: Line) -> list[str]:
    """All addresses that a sync fetches."""
    forms = listed(line)
    files = media_of(line)
    return [
        f"{line.base}/formList",
        *(form["downloadUrl"] for form in forms),
        *(form["manifestUrl"] for form in forms if "manifestUrl" in form),
        *(file["downloadUrl"] for file in files),
        *{file["integrityUrl"] for file in files if "integrityUrl" in file},
    ]


def md5(content: bytes) -> str:
    return hashlib.md5(content).hexdigest()
