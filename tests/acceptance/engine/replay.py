"""Records the answers given to one engine and gives the same answers to the other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from random import Random

from tests.acceptance.engine.walk import Hinting, Prompt


class Recorded:
    """Hints that record each answer they give, refused ones included."""

    def __init__(self, hints: Hinting) -> None:
        self.hints = hints
        self.tried: defaultdict[str, list[str | None]] = defaultdict(list)
        self.turns: dict[tuple[str, int], bool] = {}

    def candidates(self, prompt: Prompt, random: Random) -> Iterator[str | None]:
        for candidate in self.hints.candidates(prompt, random):
            self.tried[prompt.path].append(candidate)
            yield candidate

    def more(self, repeat: str, count: int, random: Random) -> bool:
        self.turns[repeat, count] = self.hints.more(repeat, count, random)
        return self.turns[repeat, count]


class Replayed:
    """Hints that give the recorded answers of another walk and no others."""

    def __init__(self, other: Recorded) -> None:
        self.other = other

    def candidates(self, prompt: Prompt, _random: Random) -> Iterator[str | None]:
        yield from self.other.tried[prompt.path]

    def more(self, repeat: str, count: int, _random: Random) -> bool:
        return self.other.turns[repeat, count]
