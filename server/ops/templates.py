"""Compiling the templates of the pages, to find their errors before anybody opens a page.

HTML linters (djlint, djangofmt) were tried and not chosen: they found matters of layout only.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.template import Template, TemplateDoesNotExist, TemplateSyntaxError, engines
from django.template.base import FilterExpression, Node
from django.template.loader_tags import ExtendsNode, IncludeNode
from django.template.utils import get_app_template_dirs


def names() -> list[str]:
    """The names of all templates of this repository, sorted; those of libraries are left out."""
    folders = [
        Path(folder)
        for folder in get_app_template_dirs("templates")
        if Path(folder).is_relative_to(settings.BASE_DIR / "server")
    ]
    return sorted(
        path.relative_to(folder).as_posix()
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file()
    )


def faults(name: str) -> list[str]:
    """The errors of one template: syntax, unknown tags and filters, templates it names that do not exist."""
    engine = engines["django"].engine  # type: ignore[attr-defined]
    try:
        template: Template = engine.get_template(name)
    except (TemplateSyntaxError, UnicodeDecodeError) as error:
        return [str(error)]
    missing = []
    for other in _named_templates(template):
        try:
            engine.get_template(other)
        except TemplateDoesNotExist:
            missing.append(f"there is no template {other}")
        except TemplateSyntaxError:
            continue  # reported for that template itself
    return missing


def _named_templates(template: Template) -> Iterator[str]:
    """The templates that a template extends or includes by a literal name."""
    nodes: list[Node] = list(template.nodelist.get_nodes_by_type(Node))
    for node in nodes:
        expression = None
        if isinstance(node, ExtendsNode):
            expression = node.parent_name
        elif isinstance(node, IncludeNode):
            expression = node.template
        if isinstance(expression, FilterExpression) and isinstance(expression.var, str):
            yield expression.var
