"""A list of the office's own with an entity of each of two streets, for the leak tests."""

from __future__ import annotations

import uuid
from typing import Any

from tests.factories.console import AT
from tests.factories.side import Side


def make_list() -> Any:
    """The list `trees`, whose entities say in their property `area` where they stand."""
    from server.datasets.models import Dataset, DatasetProperty

    trees = Dataset.objects.create(
        name="trees", areas=["440106"], area_property="area", created_at=AT
    )
    for name in ("species", "area"):
        DatasetProperty.objects.create(dataset=trees, name=name, created_at=AT)
    return trees


def make_tree(trees: Any, area: str, creator: Any) -> Any:
    """An entity of the list that somebody made at the desk."""
    from server.datasets.models import Entity, EntityVersion

    given = {"species": "fig", "area": area}
    tree = Entity.objects.create(
        dataset=trees, uuid=uuid.uuid4(), area_code=area, version=1, label="fig",
        values=given, created_at=AT, creator=creator,
    )  # fmt: skip
    EntityVersion.objects.create(
        entity=tree, version=1, place=1, given={**given, "label": "fig"}, is_creation=True,
        created_at=AT, creator=creator,
    )  # fmt: skip
    return tree


def plant(sides: tuple[Side, Side], form: Any) -> None:
    """A list of the office's own with an entity of each side."""
    from server.datasets.models import Entity, EntityVersion, Unapplied
    from server.forms.models import FormMedia

    trees = make_list()
    FormMedia.objects.create(
        form_version=form.current_version, filename="trees.csv", kind=FormMedia.Kind.ENTITY_LIST
    )
    for side in sides:
        given = {"species": f"{side.tag} species {side.typed_no}", "area": side.area}
        label = f"{side.tag} tree {side.typed_no}"
        side.tree = Entity.objects.create(
            dataset=trees, uuid=uuid.uuid4(), area_code=side.area, version=1, label=label,
            values=given, created_at=AT, creator=side.worker,
        )  # fmt: skip
        from_record = {
            "submission_id": side.submission.pk, "submission_version_id": side.version.pk,
        }  # fmt: skip
        EntityVersion.objects.create(
            entity=side.tree, version=1, place=1, given={**given, "label": label}, is_creation=True,
            created_at=AT, creator=side.worker, user_agent=f"{side.tag} agent", **from_record,
        )  # fmt: skip
        Unapplied.objects.create(dataset=trees, ordinal=1, fault="no_uuid", at=AT, **from_record)
