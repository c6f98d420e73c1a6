"""Writes OData's service documents (JSON) and metadata documents (EDMX). Pure.

Capabilities are declared as Central declares them, so that Power Query sends the same
requests.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final
from xml.sax.saxutils import quoteattr

from server.central.schema import ROOT, Field, Schema, identifier
from server.central.tables import join_column

SYSTEM: Final = {
    "submissionDate": "Edm.DateTimeOffset",
    "updatedAt": "Edm.DateTimeOffset",
    "submitterId": "Edm.String",
    "submitterName": "Edm.String",
    "attachmentsPresent": "Edm.Int64",
    "attachmentsExpected": "Edm.Int64",
    "status": "org.opendatakit.submission.Status",
    "reviewState": "org.opendatakit.submission.ReviewState",
    "deviceId": "Edm.String",
    "edits": "Edm.Int64",
    "formVersion": "Edm.String",
}
"""The properties of `__system` of a submission, with their types."""

_ENUMS: Final = {
    "Status": ("notDecrypted", "missingEncryptedFormData"),
    "ReviewState": ("hasIssues", "edited", "rejected", "approved"),
}
_EDM: Final = 'xmlns="http://docs.oasis-open.org/odata/ns/edm"'
_HEAD: Final = (
    '<?xml version="1.0" encoding="UTF-8"?>\n',
    '<edmx:Edmx xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx" Version="4.0">',
    "<edmx:DataServices>",
)
_CAPABILITY: Final = "Org.OData.Capabilities.V1"


def service_document(tables: Iterable[str], root: str) -> dict[str, Any]:
    """The list of tables; `root` is the absolute URL of the service."""
    return {
        "@odata.context": f"{root}/$metadata",
        "value": [{"name": name, "kind": "EntitySet", "url": name} for name in tables],
    }


def metadata(schema: Schema, form_id: str) -> str:
    """The metadata document of a form: an entity type for each table, a complex type for each group."""
    namespace = f"org.opendatakit.user.{identifier(form_id)}"
    return "".join(
        (
            *_HEAD,
            *_common(),
            f"<Schema {_EDM} Namespace={quoteattr(namespace)}>",
            *_types(schema, namespace),
            f"<EntityContainer Name={quoteattr(identifier(form_id))}>",
            *_sets(schema, namespace),
            "</EntityContainer></Schema></edmx:DataServices></edmx:Edmx>\n",
        )
    )


def entities_metadata(name: str, properties: Iterable[str], system: Mapping[str, str]) -> str:
    """The metadata document of an entity list: one entity type, all of whose properties are strings."""
    namespace = f"org.opendatakit.user.{identifier(name)}"
    names = [identifier(property) for property in properties]
    type_name = quoteattr(f"{namespace}.Entities")
    return "".join(
        (
            *_HEAD,
            f'<Schema {_EDM} Namespace="org.opendatakit.entity"><ComplexType Name="metadata">',
            *(_property(field, type) for field, type in system.items()),
            "</ComplexType>",
            *_enum("ConflictType", ("soft", "hard")),
            f'</Schema><Schema {_EDM} Namespace={quoteattr(namespace)}><EntityType Name="Entities">',
            '<Key><PropertyRef Name="__id"/></Key>',
            _property("__id", "Edm.String"),
            _property("__system", "org.opendatakit.entity.metadata"),
            *(_property(field, "Edm.String") for field in ("label", *names)),
            f"</EntityType><EntityContainer Name={quoteattr(identifier(name))}>",
            f'<EntitySet Name="Entities" EntityType={type_name}>',
            *_capabilities(names),
            "</EntitySet></EntityContainer></Schema></edmx:DataServices></edmx:Edmx>\n",
        )
    )


def _common() -> Iterator[str]:
    yield f'<Schema {_EDM} Namespace="org.opendatakit.submission"><ComplexType Name="metadata">'
    for name, type in SYSTEM.items():
        yield _property(name, type)
    yield "</ComplexType>"
    for name, members in _ENUMS.items():
        yield from _enum(name, members)
    yield "</Schema>"


def _enum(name: str, members: Iterable[str]) -> Iterator[str]:
    yield f'<EnumType Name="{name}">'
    yield from (f'<Member Name="{member}"/>' for member in members)
    yield "</EnumType>"


def _types(schema: Schema, namespace: str) -> Iterator[str]:
    for table, chain in schema.tables.items():
        yield f'<EntityType Name={quoteattr(table)}><Key><PropertyRef Name="__id"/></Key>'
        yield _property("__id", "Edm.String")
        if chain:
            yield _property(join_column(chain), "Edm.String")
        else:
            yield _property("__system", "org.opendatakit.submission.metadata")
        yield from _properties(schema.columns(table), _below(table), namespace)
        yield "</EntityType>"
    for table in schema.tables:
        yield from _complex(schema.columns(table), _below(table), namespace)


def _below(table: str) -> str:
    """The prefix of the names of a table's complex types."""
    return table.removeprefix(ROOT).removeprefix(".")


def _complex(fields: Iterable[Field], above: str, namespace: str) -> Iterator[str]:
    for field in fields:
        if field.kind == "group":
            name = _joined(above, field)
            yield f"<ComplexType Name={quoteattr(name)}>"
            yield from _properties(field.children, name, namespace)
            yield "</ComplexType>"
            yield from _complex(field.children, name, namespace)


def _properties(fields: Iterable[Field], above: str, namespace: str) -> Iterator[str]:
    for field in fields:
        type_name = _joined(above, field)
        if field.kind == "repeat":
            type = quoteattr(f"Collection({namespace}.{ROOT}.{type_name})")
            yield f"<NavigationProperty Name={quoteattr(field.odata_name)} Type={type}/>"
        elif field.kind == "group":
            yield _property(field.odata_name, f"{namespace}.{type_name}")
        else:
            yield _property(field.odata_name, field.edm)


def _joined(above: str, field: Field) -> str:
    return f"{above}.{field.odata_name}" if above else field.odata_name


def _property(name: str, type: str) -> str:
    return f"<Property Name={quoteattr(name)} Type={quoteattr(type)}/>"


def _sets(schema: Schema, namespace: str) -> Iterator[str]:
    for table, chain in schema.tables.items():
        name = quoteattr(table)
        yield f"<EntitySet Name={name} EntityType={quoteattr(f'{namespace}.{table}')}>"
        if not chain:
            yield from _capabilities(field.odata_name for field in schema.fields)
        yield "</EntitySet>"


def _capabilities(unfiltered: Iterable[str]) -> Iterator[str]:
    minimal = f"{_CAPABILITY}.ConformanceLevelType/Minimal"
    yield f'<Annotation Term="{_CAPABILITY}.ConformanceLevel" EnumMember="{minimal}"/>'
    yield f'<Annotation Term="{_CAPABILITY}.BatchSupported" Bool="false"/>'
    yield _record("CountRestrictions", '<PropertyValue Property="Countable" Bool="true"/>')
    names = "".join(f"<PropertyPath>{name}</PropertyPath>" for name in unfiltered)
    yield _record(
        "FilterRestrictions",
        '<PropertyValue Property="Filterable" Bool="true"/>'
        '<PropertyValue Property="RequiresFilter" Bool="false"/>'
        f'<PropertyValue Property="NonFilterableProperties"><Collection>{names}</Collection>'
        "</PropertyValue>",
    )
    yield _record("SortRestrictions", '<PropertyValue Property="Sortable" Bool="false"/>')
    yield _record("ExpandRestrictions", '<PropertyValue Property="Expandable" Bool="false"/>')


def _record(term: str, values: str) -> str:
    return f'<Annotation Term="{_CAPABILITY}.{term}"><Record>{values}</Record></Annotation>'
