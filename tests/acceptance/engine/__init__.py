"""The two real form engines, of ODK Collect (JavaRosa) and of ODK Web Forms, driven alike from Python."""

from tests.acceptance.engine.hints import Hints
from tests.acceptance.engine.javarosa import java_rosa
from tests.acceptance.engine.people import citizen_id, phone_number, uscc
from tests.acceptance.engine.process import Engine
from tests.acceptance.engine.walk import (
    Choice,
    EngineError,
    Filled,
    NotFinalised,
    Prompt,
    Refused,
)
from tests.acceptance.engine.webforms import web_forms

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
    "java_rosa",
    "phone_number",
    "uscc",
    "web_forms",
]
