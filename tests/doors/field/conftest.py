"""People of the field at the doors, without ODK Validate."""

from __future__ import annotations

import pytest

from tests.factories.field import Field, field_of


@pytest.fixture
def people(settings, phone, asking) -> Field:
    settings.RUHU_VALIDATE_JAVA = ""
    return field_of(asking, phone)
