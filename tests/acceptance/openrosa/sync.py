"""What a sync fetches, by Collect's own strict rules."""

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
    found = []
    for entry in root:
        assert entry.tag == f"{LIST}xform"
        one = {child.tag.removeprefix(LIST): (child.text or "").strip() for child in entry}
        assert one["formID"]
        assert one["name"]
        assert one["downloadUrl"]
        assert one.get("hash") != ""
        found.append(one)
    return found


def manifest_of(line: Line, form: dict[str, str]) -> list[dict[str, str]]:
    """The manifest by Collect's rules; the entry's `type` among the children."""
    response = line.get(form["manifestUrl"])
    assert response.status_code == 200
    assert response.headers["X-OpenRosa-Version"] == "1.0"
    assert "text/xml" in response.headers["Content-Type"]
    root = ElementTree.fromstring(response.content)
    assert root.tag == f"{MANIFEST}manifest"
    found = []
    for entry in root:
        assert entry.tag == f"{MANIFEST}mediaFile"
        one = {child.tag.removeprefix(MANIFEST): (child.text or "").strip() for child in entry}
        assert one["filename"]
        assert len(one["hash"]) > 4
        assert one["downloadUrl"]
        found.append({**one, "type": entry.get("type", "")})
    return found


def media_of(line: Line) -> list[dict[str, str]]:
    return [
        file for form in listed(line) if "manifestUrl" in form for file in manifest_of(line, form)
    ]


def every_get(line: Line) -> list[str]:
    """All addresses a sync asks."""
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
