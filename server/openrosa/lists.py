"""formList and manifest as XML text. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from xml.sax.saxutils import escape

from server.forms.selectors import OfferedForm
from server.openrosa import addresses


@dataclass(frozen=True, slots=True)
class MediaLine:
    """A file of a manifest. The hash is the MD5 of its bytes, for an entity list a change mark."""

    filename: str
    md5: str
    url: str
    integrity_url: str = ""  # of an entity list only
    needs_approval: bool = False  # phones make no entities in the list by themselves


@lru_cache(maxsize=2048)
def form_list(forms: tuple[OfferedForm, ...], base: str) -> bytes:
    """What Collect asks first; a form without media gets no manifestUrl, which saves a request a form."""
    return _list("xformsList", "xforms", (_form(form, base) for form in forms))


def manifest(media: Iterable[MediaLine]) -> bytes:
    return _list("xformsManifest", "manifest", map(_media, media))


def integrity(entities: Iterable[tuple[str, bool]]) -> bytes:
    """Each entity asked for, and whether it is deleted."""
    lines = "".join(
        f"<entity id={_quoted(entity)}><deleted>{'true' if gone else 'false'}</deleted></entity>"
        for entity, gone in entities
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
    address = escape(addresses.form(base, form.form_id, form.version))
    manifest_url = f"<manifestUrl>{address}/manifest.xml</manifestUrl>" if form.has_media else ""
    return (
        f"<xform><formID>{escape(form.form_id)}</formID><name>{escape(form.title)}</name>"
        f"<version>{escape(form.version)}</version><hash>md5:{form.md5}</hash>"
        f"<downloadUrl>{address}/form.xml</downloadUrl>{manifest_url}</xform>"
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
