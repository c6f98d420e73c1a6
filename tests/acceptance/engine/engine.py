"""Drive FormEngine.java: open a form, walk it as Collect does, fill it with random but valid answers."""

from __future__ import annotations

import hashlib
import importlib.util
import io
import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Protocol

from lxml import etree
from PIL import Image, ImageDraw

SOURCE = Path(__file__).with_name("FormEngine.java")
CLASSES = Path(__file__).parents[3] / "var" / "engine"
JAVA_OPTIONS = (
    "-Xmx512m",
    "-XX:TieredStopAtLevel=1",
    "-Duser.timezone=Asia/Shanghai",
    "-Dfile.encoding=UTF-8",
)
MAX_STEPS = 5_000
INSTANCE_ID = re.compile(r"<(?:\w+:)?instanceID>(uuid:[0-9a-f-]{36})</")


class EngineError(Exception):
    """The engine could not do what it was asked: a broken form, or a mistake in the test."""


class Refused(EngineError):
    """No candidate for a question passed its constraint."""

    def __init__(self, path: str, outcome: str, message: str | None) -> None:
        super().__init__(f"{path}: {outcome}: {message}")
        self.path, self.outcome, self.message = path, outcome, message


class NotFinalised(Refused):
    """The form as a whole does not validate, so Collect would not let it be sent."""


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    label: str | None


@dataclass(frozen=True, slots=True)
class Prompt:
    """A question as the person with the phone sees it."""

    path: str  # /data/members[2]/basic[1]/name[1]
    control: str
    type: str
    label: str | None
    hint: str | None
    required: bool
    readonly: bool
    appearance: str | None
    answer: str | None
    choices: tuple[Choice, ...]

    @property
    def name(self) -> str:
        return _name(self.path)

    def ordinal(self, repeat: str) -> int:
        """Which turn of a repeat this is in, from 1."""
        found = re.search(rf"/{repeat}\[(\d+)\]/", self.path)
        if found is None:
            raise EngineError(f"{self.path} is not inside {repeat}")
        return int(found.group(1))


class Hinting(Protocol):
    """What a walk asks of its hints; see hints.Hints."""

    def candidates(self, prompt: Prompt, random: Random) -> Iterator[str | None]: ...

    def more(self, repeat: str, count: int, random: Random) -> bool: ...


@dataclass(frozen=True, slots=True)
class Filled:
    """A finalised form, ready to be sent."""

    instance_xml: bytes
    instance_id: str
    attachments: dict[str, bytes]
    answers: dict[str, str]  # path → what was entered, in the order it was
    prompts: dict[str, Prompt]  # every question shown
    refusals: tuple[Refused, ...]  # answers the form turned down on the way

    def answers_to(self, name: str) -> list[str]:
        """Everything entered for a question, over all turns of its repeat."""
        return [value for path, value in self.answers.items() if _name(path) == name]

    def texts(self, name: str) -> list[str]:
        """The texts of every node of that name in the instance, calculated ones included."""
        nodes = etree.fromstring(self.instance_xml).iter()
        return [node.text or "" for node in nodes if etree.QName(node).localname == name]

    def was_asked(self, name: str) -> bool:
        return any(prompt.name == name for prompt in self.prompts.values())


class Engine:
    """One Java process; it serves one form at a time and any number of them in turn."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self._process = process
        self._folder = folder

    @classmethod
    @contextmanager
    def running(cls) -> Iterator[Engine]:
        """Start the Java process; stop it at the end."""
        with tempfile.TemporaryDirectory() as folder:
            classpath = f"{_jar()}:{_compiled()}"
            log = Path(folder) / "engine.log"
            with log.open("w", encoding="utf-8") as errors:
                process = subprocess.Popen(
                    ["java", *JAVA_OPTIONS, "-cp", classpath, "FormEngine"],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    encoding="utf-8",
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
        random = Random(seed)
        walk = _Walk(self, hints, random)
        event = self.open(xform, media, username)
        for _step in range(MAX_STEPS):
            event = walk.take(event)
            if event is None:
                return walk.finish()
        raise EngineError("the form does not come to an end")

    def open(self, xform: bytes, media: Mapping[str, bytes], username: str = "") -> dict[str, Any]:
        form = self._folder / "form.xml"
        form.write_bytes(xform)
        files = {}
        for name, content in media.items():
            path = self._folder / name
            path.write_bytes(content)
            files[name] = str(path)
        properties = {"username": username, "deviceid": "collect:engine"}
        return self.ask("open", form=str(form), media=files, properties=properties)

    def ask(self, do: str, **request: Any) -> dict[str, Any]:
        """One request, one answer; anything but a JSON object without `error` is an EngineError."""
        self._process.stdin.write(json.dumps({"do": do, **request}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise EngineError("the engine has ended")
        answer = json.loads(line)
        if "error" in answer:
            raise EngineError(answer["error"])
        return answer


class _Walk:
    """One pass through one form."""

    def __init__(self, engine: Engine, hints: Hinting, random: Random) -> None:
        self.engine, self.hints, self.random = engine, hints, random
        self.prompts: dict[str, Prompt] = {}
        self.answers: dict[str, str] = {}
        self.attachments: dict[str, bytes] = {}
        self.refusals: list[Refused] = []

    def take(self, event: dict[str, Any]) -> dict[str, Any] | None:
        """Deal with where the walk stands and step on; None at the end of the form."""
        kind = event["event"]
        if kind == "end":
            return None
        if kind == "question":
            self._answer(_prompt(event))
        elif kind == "new_repeat" and self.hints.more(
            _name(event["path"]), event["count"], self.random
        ):
            self.engine.ask("repeat")
        return self.engine.ask("next")

    def finish(self) -> Filled:
        outcome = self.engine.ask("finish")
        if not outcome["valid"]:
            raise NotFinalised(outcome["path"], outcome["outcome"], outcome["message"])
        found = INSTANCE_ID.search(outcome["xml"])
        if found is None:
            raise EngineError("the instance has no instanceID")
        kept = {name: data for name, data in self.attachments.items() if name in outcome["xml"]}
        return Filled(
            outcome["xml"].encode(),
            found.group(1),
            kept,
            self.answers,
            self.prompts,
            tuple(self.refusals),
        )

    def _answer(self, prompt: Prompt) -> None:
        self.prompts[prompt.path] = prompt
        if prompt.readonly:
            return
        refused: Refused | None = None
        for candidate in self.hints.candidates(prompt, self.random):
            if prompt.type == "binary" and candidate is not None:
                self.attachments[candidate] = _photo(prompt, self.random)
            reply = self.engine.ask("answer", value=candidate)
            if reply["outcome"] == "ok":
                if candidate is not None:
                    self.answers[prompt.path] = candidate
                return
            refused = Refused(prompt.path, reply["outcome"], reply.get("message"))
            self.refusals.append(refused)
        raise refused or EngineError(f"no candidate for {prompt.path}")


def _prompt(event: dict[str, Any]) -> Prompt:
    choices = tuple(Choice(choice["value"], choice["label"]) for choice in event["choices"])
    fields = {name: event[name] for name in Prompt.__slots__ if name != "choices"}
    return Prompt(**fields, choices=choices)


def _name(path: str) -> str:
    return path.rsplit("/", 1)[-1].partition("[")[0]


def _photo(prompt: Prompt, random: Random) -> bytes:
    """A JPEG with something on it: a scribble for a signature, coloured fields for a photo."""
    image = Image.new("RGB", (480, 320), "white")
    draw = ImageDraw.Draw(image)
    if "signature" in (prompt.appearance or ""):
        line = [(40 + 20 * step, random.randrange(80, 240)) for step in range(20)]
        draw.line(line, fill="black", width=4)
    else:
        for _field in range(12):
            x, y = random.randrange(400), random.randrange(260)
            draw.rectangle((x, y, x + 80, y + 60), fill=tuple(random.randbytes(3)))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=85)
    return out.getvalue()


def _jar() -> Path:
    spec = importlib.util.find_spec("pyxform")
    if spec is None or spec.origin is None:
        raise EngineError("pyxform is not installed")
    return Path(spec.origin).parent / "validators/odk_validate/bin/ODK_Validate.jar"


def _compiled() -> Path:
    """The folder with FormEngine's classes, compiled when its source or the jar is new."""
    mark = hashlib.sha256(SOURCE.read_bytes() + str(_jar().stat().st_size).encode()).hexdigest()
    folder = CLASSES / mark[:16]
    if not folder.is_dir():
        if shutil.which("javac") is None:
            raise EngineError("javac is missing: install openjdk-17-jdk-headless")
        CLASSES.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CLASSES) as fresh:
            target = Path(fresh) / "classes"
            command = ["javac", "-encoding", "UTF-8", "-cp", str(_jar()), "-d", str(target)]
            built = subprocess.run([*command, str(SOURCE)], capture_output=True, text=True)
            if built.returncode:
                raise EngineError(built.stderr)
            if not folder.is_dir():  # another test process may have been faster
                target.rename(folder)
    return folder
