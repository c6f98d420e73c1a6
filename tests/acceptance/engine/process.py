"""A form engine in a process of its own: JSON lines in, JSON lines out."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

from tests.acceptance.engine.walk import EngineError, Filled, Hinting, Walk

TIME_ZONE = "Asia/Shanghai"  # the phone's


class Engine:
    """An engine process; it has one form open at a time."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self._process = process
        self._folder = folder

    @classmethod
    @contextmanager
    def running(cls, command: Sequence[str | Path]) -> Iterator[Engine]:
        """Start the process; stop it at the end."""
        with tempfile.TemporaryDirectory() as folder:
            log = Path(folder) / "engine.log"
            with log.open("w", encoding="utf-8") as errors:
                process = subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    encoding="utf-8",
                    env={**os.environ, "TZ": TIME_ZONE},
                )
                try:
                    yield cls(process, Path(folder))
                finally:
                    process.stdin.close()
                    process.stdout.close()
                    if process.wait(timeout=20):
                        raise EngineError(log.read_text(encoding="utf-8")[-2000:])

    def fill(
        self,
        xform: bytes,
        media: Mapping[str, bytes],
        seed: int,
        hints: Hinting,
        username: str = "",
    ) -> Filled:
        """Walk a form from its beginning to its end, answering every question that is relevant.

        Raises Refused when nothing the hints offer passes a question, NotFinalised when the whole
        does not validate.
        """
        beginning = self.open(xform, media, username)
        return Walk(self, hints, Random(seed), self._keep).through(beginning)

    def open(self, xform: bytes, media: Mapping[str, bytes], username: str = "") -> dict[str, Any]:
        form = self._keep("form.xml", xform)
        files = {name: self._keep(name, content) for name, content in media.items()}
        properties = {"username": username, "deviceid": "collect:engine"}
        return self.ask("open", form=form, media=files, properties=properties)

    def _keep(self, name: str, content: bytes) -> str:
        path = self._folder / name
        path.write_bytes(content)
        return str(path)

    def ask(self, do: str, **request: Any) -> dict[str, Any]:
        """The answer to a request; raises EngineError when it has `error` or the process has ended."""
        self._process.stdin.write(json.dumps({"do": do, **request}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise EngineError("the engine has ended")
        answer = json.loads(line)
        if "error" in answer:
            raise EngineError(answer["error"])
        return answer
