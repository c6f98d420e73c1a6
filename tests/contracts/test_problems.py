"""The catalogue of problems is complete, unambiguous and documented."""

from __future__ import annotations

import re
import string
from collections import Counter

import pytest
from django.utils.translation import override

from server.api.catalogue import all_problems
from server.core.problems import Problem

KINDS = all_problems()


def test_every_type_names_one_problem():
    repeated = {type: n for type, n in Counter(kind.type for kind in KINDS).items() if n > 1}
    assert not repeated


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def test_a_problem_says_what_it_is(kind: type[Problem]):
    assert re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", kind.type)
    assert 400 <= kind.status < 500 or kind.status == 501
    assert vars(kind)["__doc__"], "the docstring is its line in api_docs/problems.md"
    with override("en"):
        assert str(kind.title)
        assert str(kind.template)
        assert [*string.Formatter().parse(str(kind.template))]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.type)
def test_the_chinese_sentence_takes_the_same_data(kind: type[Problem]):
    def names(language: str) -> set[str | None]:
        with override(language):
            return {name for _, name, _, _ in string.Formatter().parse(str(kind.template)) if name}

    assert names("zh-hans") == names("en")
