"""Renders, after a change of a model that is no relation, that model's class alone.

Between two operations of a migration Django makes the classes of the changed model and of all its
neighbours anew. Here nearly every model names a user or a submission, so that nearly all were made
anew for each added column and index: two thirds of the time of an upgrade (decision 0390).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.db.migrations.state import ProjectState

_REMEMBERED: Final = (
    "foreign_related_fields", "identity", "local_related_fields", "path_infos", "related_fields",
    "related_model", "reverse_path_infos", "reverse_related_fields",
)  # fmt: skip
"""What a field and its relation remember of the class that they lead to."""


@contextmanager
def changed_models_alone() -> Iterator[None]:
    """Inside the block migrations render so. For migrating forwards only.

    Neighbours are shared with the states before the change, and then lead to the new class there,
    too. Going back, an older state is what an operation looks at; going forwards only the last
    two are, and these operations look at no relation. Before Python code of a migration Django
    renders everything anew, as ever.
    """
    states: Any = ProjectState
    usual = states.reload_model

    def reload_model(
        state: Any, app_label: str, model_name: str, delay: bool = False
    ) -> None:  # `delay`: Django's word for a change that is no relation
        name = (app_label, model_name.lower())
        if not delay or "apps" not in state.__dict__ or _has_heirs(state, name):
            usual(state, app_label, model_name, delay)
            return
        try:
            former = state.apps.get_model(*name)
        except LookupError:
            usual(state, app_label, model_name, delay)
            return
        state.is_delayed = True
        state._reload({name})
        _lead_to(state.apps, former, state.apps.get_model(*name))

    states.reload_model = reload_model
    try:
        yield
    finally:
        states.reload_model = usual


def _has_heirs(state: Any, name: tuple[str, str]) -> bool:
    """Whether classes of the state inherit from this one."""
    dotted = ".".join(name)
    return any(
        isinstance(base, str) and base.lower() == dotted
        for model in state.models.values()
        for base in model.bases
    )


def _lead_to(apps: Any, former: type, present: type) -> None:
    """Let the relations of all classes that lead to the former class lead to the present one."""
    for model in apps.get_models(include_auto_created=True):
        for field in (*model._meta.local_fields, *model._meta.local_many_to_many):
            relation = field.remote_field
            if relation is None or relation.model is not former:
                continue
            relation.model = present
            for holder in (field, relation):
                for name in _REMEMBERED:
                    holder.__dict__.pop(name, None)
    apps.clear_cache()
