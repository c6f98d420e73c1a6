"""Tables on a terminal are aligned, with Chinese characters too."""

from __future__ import annotations

from server.ops.tables import table, width


def test_columns_are_aligned_also_in_chinese():
    lines = table([("用户名", "name", 1), ("li", "李协理", ""), ("wang5", "W", 22)]).splitlines()
    assert lines == ["用户名  name    1", "li      李协理", "wang5   W       22"]
    assert [width(text) for text in ("", "ab", "李a", "e\u0301")] == [0, 2, 3, 1]
