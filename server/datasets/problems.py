"""The problems of entity lists of the office's own."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from server.core.problems import Problem


class UnknownList(Problem):
    """There is no such list of the office's own."""

    type, status = "unknown-entity-list", 404
    title = _("No such entity list")
    template = _("There is no entity list of this name.")


class UnknownEntity(Problem):
    """The list has no such entity in the reader's areas."""

    type, status = "unknown-entity", 404
    title = _("No such entity")
    template = _("The list “{name}” has no such entity in your areas.")


class ListExists(Problem):
    """The name is that of another list."""

    type, status = "entity-list-exists", 409
    title = _("The entity list exists")
    template = _("There is an entity list “{name}” already. Take another name.")


class BadListName(Problem):
    """Phones cannot take the name of a list or property."""

    type, status = "bad-entity-name", 400
    title = _("The name cannot be used")
    template = _(
        "“{name}” cannot be the name of a list or property. Begin with a letter, go on with letters, digits, “_” and “-”; “name” and “label” and names beginning with “__” are reserved."
    )


class PropertyExists(Problem):
    """The list has the property, or one that differs by capitals only, which phones take for the same."""

    type, status = "entity-property-exists", 409
    title = _("The property exists")
    template = _("The list “{name}” has the property “{property}” already. Take another name.")


class UnknownEntityProperty(Problem):
    """Values are given for a property that the list does not have."""

    type, status = "unknown-entity-property", 400
    title = _("No such property")
    template = _(
        "The list “{name}” has no property “{property}”. Add it first, or use one of: {properties}."
    )


class EntityInvalid(Problem):
    """An entity cannot be made or changed from what was given."""

    type, status = "entity-invalid", 400
    title = _("The entity cannot be taken")
    template = _(
        "Entity {number}: {fault} Correct it and send all of them again; nothing was taken."
    )


class EntityExists(Problem):
    """The list has an entity of that UUID, perhaps a deleted one."""

    type, status = "entity-exists", 409
    title = _("The entity exists")
    template = _(
        "The list “{name}” has, or had, an entity with the UUID {uuid}. Give another UUID, or update that entity."
    )


class EntityChanged(Problem):
    """The entity has another version than the one that the change is based on."""

    type, status = "entity-changed", 409
    title = _("The entity was changed meanwhile")
    template = _(
        "The entity has version {version} now. Read it again and repeat the change with baseVersion={version}, or with force=true."
    )


class ListConcernsOtherAreas(Problem):
    """The list belongs to areas that the person does not administer."""

    type, status = "entity-list-of-other-areas", 403
    title = _("The entity list belongs to other areas")
    template = _(
        "The entity list “{name}” belongs to an area that you do not administer. Take another name, or ask an administrator of all its areas."
    )


class NotTheAreaProperty(Problem):
    """An entity's area is not a division within the areas of whoever gives it."""

    type, status = "entity-area-outside", 403
    title = _("The area is not yours")
    template = _(
        "The property “{property}” must hold the code of a division in your areas. Correct it."
    )
