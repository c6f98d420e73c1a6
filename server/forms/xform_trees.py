"""Parses an XForm, whatever namespaces its elements have. Pure."""

from __future__ import annotations

from typing import Final

from lxml import etree

from server.core import xml
from server.core.xml import local_name

XHTML: Final = "http://www.w3.org/1999/xhtml"
XFORMS: Final = "http://www.w3.org/2002/xforms"


def tree(document: bytes) -> etree._Element:
    """The parsed XForm with its elements in the namespaces of XHTML and XForms. Raises core.xml.BadXml.

    Collect and JavaRosa find head, title, body and model by their names alone (FormMetadataParser, XFormParser),
    so that forms whose elements have no namespace, or another, open on phones. Where the model has the right one nothing is changed.
    """
    html = xml.parse(document)
    head = next(html.iterchildren("{*}head"), None)
    model = None if head is None else next(head.iterchildren("{*}model"), None)
    if local_name(html) != "html" or head is None or model is None:
        return html
    if model.tag == f"{{{XFORMS}}}model":
        return html
    foreign = etree.QName(model).namespace
    own = [html, head, *html.iterchildren("{*}body"), *head.iterchildren("{*}title")]
    for element in html.iter("*"):
        if etree.QName(element).namespace == foreign:
            element.tag = f"{{{XFORMS}}}{local_name(element)}"
    for element in own:
        element.tag = f"{{{XHTML}}}{local_name(element)}"
    return html
