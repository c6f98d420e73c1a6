"""The real form engine of ODK Collect (JavaRosa, out of pyxform's ODK Validate jar), driven from Python."""

from tests.acceptance.engine.engine import (
    Choice,
    Engine,
    EngineError,
    Filled,
    NotFinalised,
    Prompt,
    Refused,
)
from tests.acceptance.engine.hints import Hints
from tests.acceptance.engine.people import citizen_id, phone_number, uscc

__all__ = [
    "Choice",
    "Engine",
    "EngineError",
    "Filled",
    "Hints",
    "NotFinalised",
    "Prompt",
    "Refused",
    "citizen_id",
    "phone_number",
    "uscc",
]
