"""A pass through a form in either engine, answering question after question as a person does."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any, Protocol

from lxml import etree
from PIL import Image, ImageDraw

MAX_STEPS = 5_000
INSTANCE_ID = re.compile(r"<(?:\w+:)?instanceID>(uuid:[0-9a-f-]{36})</")


class EngineError(Exception):
    """The engine could not do what it was asked: a broken form, or a mistake in the test."""


class Refused(EngineError):
    """No candidate for a question passed its constraint."""

    def __init__(self, path: str, outcome: str, message: str | None) -> None:
        super().__init__(f"{path}: {outcome}: {message}")
        self.path, self.outcome, self.message = path, outcome, message
        self.name = _name(path)


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
        """The number of the repeat instance that the question is in, from 1."""
        match = re.search(rf"/{repeat}\[(\d+)\]/", self.path)
        if match is None:
            raise EngineError(f"{self.path} is not inside {repeat}")
        return int(match.group(1))


class Hinting(Protocol):
    """The interface of hints for a walk; see hints.Hints."""

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
        """All answers entered for a question, over all instances of its repeat."""
        return [value for path, value in self.answers.items() if _name(path) == name]

    def texts(self, name: str) -> list[str]:
        """The texts of every node of that name in the instance, calculated ones included."""
        nodes = etree.fromstring(self.instance_xml).iter()
        return [node.text or "" for node in nodes if etree.QName(node).localname == name]

    def was_asked(self, name: str) -> bool:
        return any(prompt.name == name for prompt in self.prompts.values())


class Asking(Protocol):
    """The interface of an engine for a walk: a request, an answer."""

    def ask(self, do: str, **request: Any) -> dict[str, Any]: ...


class Walk:
    """A pass through the form that is open in an engine.

    `keep` stores a photo where the engine can read it and returns its path.
    """

    def __init__(
        self, engine: Asking, hints: Hinting, random: Random, keep: Callable[[str, bytes], str]
    ) -> None:
        self.engine, self.hints, self.random, self.keep = engine, hints, random, keep
        self.prompts: dict[str, Prompt] = {}
        self.answers: dict[str, str] = {}
        self.attachments: dict[str, bytes] = {}
        self.refusals: list[Refused] = []

    def through(self, event: dict[str, Any]) -> Filled:
        """Walk from the event that opening the form gave to the end."""
        for _step in range(MAX_STEPS):
            if event["event"] == "end":
                return self._finish()
            event = self._take(event)
        raise EngineError("the form does not come to an end")

    def _take(self, event: dict[str, Any]) -> dict[str, Any]:
        """Answer the question or add the repeat of this event; returns the next event."""
        kind = event["event"]
        if kind == "question":
            self._answer(_prompt(event))
        elif kind == "new_repeat" and self.hints.more(
            _name(event["path"]), event["count"], self.random
        ):
            self.engine.ask("repeat")
        return self.engine.ask("next")

    def _finish(self) -> Filled:
        outcome = self.engine.ask("finish")
        if not outcome["valid"]:
            raise NotFinalised(outcome["path"], outcome["outcome"], outcome["message"])
        match = INSTANCE_ID.search(outcome["xml"])
        if match is None:
            raise EngineError("the instance has no instanceID")
        return Filled(
            outcome["xml"].encode(),
            match.group(1),
            self._files(outcome),
            self.answers,
            self.prompts,
            tuple(self.refusals),
        )

    def _files(self, outcome: dict[str, Any]) -> dict[str, bytes]:
        """The attachments: those the engine returns, else the photos that the instance names."""
        if "files" in outcome:
            return {name: base64.b64decode(data) for name, data in outcome["files"].items()}
        return {name: data for name, data in self.attachments.items() if name in outcome["xml"]}

    def _answer(self, prompt: Prompt) -> None:
        self.prompts[prompt.path] = prompt
        if prompt.readonly:
            return
        refused: Refused | None = None
        for candidate in self.hints.candidates(prompt, self.random):
            reply = self.engine.ask("answer", value=candidate, file=self._photo(prompt, candidate))
            if reply["outcome"] == "ok":
                if candidate is not None:
                    self.answers[prompt.path] = candidate
                return
            refused = Refused(prompt.path, reply["outcome"], reply.get("message"))
            self.refusals.append(refused)
        raise refused or EngineError(f"no candidate for {prompt.path}")

    def _photo(self, prompt: Prompt, name: str | None) -> str | None:
        if prompt.type != "binary" or name is None:
            return None
        self.attachments[name] = photo(name, scribble="signature" in (prompt.appearance or ""))
        return self.keep(name, self.attachments[name])


def photo(name: str, *, scribble: bool = False) -> bytes:
    """A JPEG of coloured fields, or of a scribbled line for a signature; the same for the same name."""
    random = Random(name)
    image = Image.new("RGB", (480, 320), "white")
    draw = ImageDraw.Draw(image)
    if scribble:
        line = [(40 + 20 * step, random.randrange(80, 240)) for step in range(20)]
        draw.line(line, fill="black", width=4)
    else:
        for _field in range(12):
            x, y = random.randrange(400), random.randrange(260)
            draw.rectangle((x, y, x + 80, y + 60), fill=tuple(random.randbytes(3)))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=85)
    return out.getvalue()


def _prompt(event: dict[str, Any]) -> Prompt:
    choices = tuple(Choice(choice["value"], choice["label"]) for choice in event["choices"])
    fields = {name: event[name] for name in Prompt.__slots__ if name != "choices"}
    return Prompt(**fields, choices=choices)


def _name(path: str) -> str:
    return path.rsplit("/", 1)[-1].partition("[")[0]
