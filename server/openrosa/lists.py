"""Renders form lists, manifests and entity integrity answers as XML. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from xml.sax.saxutils import escape

from server.forms.selectors import OfferedForm
from server.openrosa import addresses


@dataclass(frozen=True, slots=True)
class MediaLine:
    """A file of a manifest. `md5` is that of its bytes; for an entity list, the hash of its revision."""

    filename: str
    md5: str
    url: str
    integrity_url: str = ""  # of an entity list only
    needs_approval: bool = False  # phones do not create entities in the list before approval


@lru_cache(maxsize=2048)
def form_list(forms: tuple[OfferedForm, ...], base: str) -> bytes:
    """The form list below a base URL. A form without media has no manifestUrl, which saves a request."""
    return _list("xformsList", "xforms", (_form(form, base) for form in forms))


def draft_list(draft: OfferedForm, base: str) -> bytes:
    """The form list of who tries a draft; `base` is the server URL of the phone."""
    line = _xform(draft, f"{base}.xml", f"{base}/manifest")
    return _list("xformsList", "xforms", (line,))


def manifest(media: Iterable[MediaLine]) -> bytes:
    """The manifest of a form version."""
    return _list("xformsManifest", "manifest", map(_media, media))


def integrity(entities: Iterable[tuple[str, bool]]) -> bytes:
    """The integrity answer for entities, given as pairs of ID and whether it was deleted."""
    lines = "".join(
        f"<entity id={_quoted(entity)}><deleted>{'true' if is_deleted else 'false'}</deleted></entity>"
        for entity, is_deleted in entities
    )
    return (
        f"<?xml version='1.0' encoding='UTF-8'?><data><entities>{lines}</entities></data>".encode()
    )


def _list(namespace: str, root: str, entries: Iterable[str]) -> bytes:
    return (
        "<?xml version='1.0' encoding='UTF-8'?>\n"
        f'<{root} xmlns="http://openrosa.org/xforms/{namespace}">{"".join(entries)}</{root}>'
    ).encode()


def _form(form: OfferedForm, base: str) -> str:
    address = addresses.form(base, form.form_id, form.version)
    return _xform(form, f"{address}/form.xml", f"{address}/manifest.xml")


def _xform(form: OfferedForm, url: str, manifest: str) -> str:
    manifest_url = f"<manifestUrl>{escape(manifest)}</manifestUrl>" if form.has_media else ""
    return (
        f"<xform><formID>{escape(form.form_id)}</formID><name>{escape(form.title)}</name>"
        f"<version>{escape(form.version)}</version><hash>md5:{form.md5}</hash>"
        f"<downloadUrl>{escape(url)}</downloadUrl>{manifest_url}</xform>"
    )


def _media(line: MediaLine) -> str:
    kind, integrity_url = "", ""
    if line.integrity_url:
        kind = f' type="{"approvalEntityList" if line.needs_approval else "entityList"}"'
        integrity_url = f"<integrityUrl>{escape(line.integrity_url)}</integrityUrl>"
    return (
        f"<mediaFile{kind}><filename>{escape(line.filename)}</filename><hash>md5:{line.md5}</hash>"
        f"<downloadUrl>{escape(line.url)}</downloadUrl>{integrity_url}</mediaFile>"
    )


def _quoted(text: str) -> str:
    return '"' + escape(text, {'"': "&quot;"}) + '"'
