"""Search by words through an index: which expression of a row the index holds, and which condition uses it.

PostgreSQL's own trigrams do not see a word of two characters, and most Chinese names have
no more. These functions of the database (decision 0340) cut a text into its characters and pairs
of neighbours, and a name also into its readings:

    陈伟明  →  陈 伟 明 陈伟 伟明, chenweiming weiming ming, cwm wm m
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.search import SearchVectorField
from django.db.models import BooleanField, Field, Func, TextField, Value
from django.db.models.expressions import Combinable


class NameWords(Func):
    """The characters, pairs and readings of a name."""

    function = "ruhu_name_words"
    output_field: ClassVar[Field[Any, Any]] = SearchVectorField()


class TextWords(Func):
    """The characters and pairs of some texts."""

    function = "ruhu_text_words"
    output_field: ClassVar[Field[Any, Any]] = SearchVectorField()


class _Matches(Func):
    template = "%(expressions)s"
    arg_joiner = " @@ "
    output_field: ClassVar[Field[Any, Any]] = BooleanField()


def may_hold(words: Combinable, word: str) -> Func:
    """A condition that every row meets whose text holds this word, in whatever case, and few others meet."""
    return _Matches(words, _query("ruhu_holding", word))


def read_like(words: Combinable, letters: str) -> Func:
    """A condition: from some character on, the name's pinyin, or its initials, begins with these letters."""
    return _Matches(words, _query("ruhu_read_like", letters))


def is_reading(word: str) -> bool:
    """Whether a word may be pinyin: two Latin letters and more."""
    return len(word) > 1 and word.isascii() and word.isalpha()


def _query(function: str, word: str) -> Func:
    return Func(Value(word, TextField()), function=function, output_field=SearchVectorField())
