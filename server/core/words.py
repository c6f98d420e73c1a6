"""Search by words through an index: which expression of a row the index holds, and which condition uses it.

PostgreSQL's own trigrams do not see a word of two characters, and most Chinese names have
no more. These functions of the database (decision 0340) cut a text into its characters and pairs
of neighbours, and a name also into its readings:

    陈伟明  →  陈 伟 明 陈伟 伟明, chenweiming weiming ming, cwm wm m
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib.postgres.search import SearchVectorField
from django.db.models import BooleanField, Field, Func, TextField, Value
from django.db.models.expressions import Combinable, RawSQL

from server.core.row_security import view_of_words


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


def read_like(words: Combinable, letters: str) -> Func:
    """A condition: from some character on, the name's pinyin, or its initials, begins with these letters."""
    query = Func(
        Value(letters, TextField()),
        function="ruhu_read_like",
        output_field=SearchVectorField(),
    )
    return _Matches(words, query)


def may_hold(table: str, word: str, areas: Sequence[str], *, reads: bool = False) -> RawSQL:
    """The ids of the table's rows of these areas whose text may hold this word, in whatever case, and of few others.

    With `reads` also of those whose name is read as the word begins. They come from the view
    that lets a request use the index: behind a policy, `@@` does not.
    """
    holds = "words @@ ruhu_holding(%s)" + (" or words @@ ruhu_read_like(%s)" if reads else "")
    lies = " or ".join(["area_code like %s"] * len(areas)) or "false"
    statement = f"select id from {view_of_words(table)} where ({holds}) and ({lies})"  # noqa: S608 a table's name
    words = [word, word] if reads else [word]
    return RawSQL(statement, [*words, *(f"{area}%" for area in areas)])  # noqa: S611 all are parameters


def is_reading(word: str) -> bool:
    """Whether a word may be pinyin: two Latin letters and more."""
    return len(word) > 1 and word.isascii() and word.isalpha()
