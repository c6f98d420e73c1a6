"""Where the code of a request sees rows of every area: the whole list (security.md, Areas and access)."""

from __future__ import annotations

import re
from pathlib import Path

from server.core.row_security import Crossing
from server.ops import row_policies

SERVER = Path(row_policies.__file__).parents[1]


def test_crossings_are_those_of_the_list() -> None:
    """Whoever sees all areas in a request names a member of Crossing; each member is used."""
    used: dict[str, set[str]] = {}
    for path in SERVER.rglob("*.py"):
        place, source = path.relative_to(SERVER).as_posix(), path.read_text()
        for member in re.findall(r"across_areas\(Crossing\.(\w+)\)", source):
            used.setdefault(member, set()).add(place)
        if place != "core/row_security.py":
            assert "row_security._" not in source, place
            assert source.count("across_areas(") == source.count("across_areas(Crossing."), place
            assert "ruhu.areas" not in source or place == "ops/row_policies.py", place
        if "read_as(" in source:
            assert place in {
                "accounts/access.py",
                "core/row_security.py",
                "openrosa/authentication.py",
            }, place
        assert "submissions_arriving" not in source or place in {
            "ops/row_policies.py",
            "submissions/services/receiving.py",
        }, place
    assert set(used) == {crossing.name for crossing in Crossing}
    assert used == {
        "ARRIVAL": {"quarantine/services/receiving.py"},
        "QUARANTINE": {
            "quarantine/services/repairing.py",
            "quarantine/services/replaying.py",
            "quarantine/services/resolving.py",
        },
        "DESK": {
            f"ledgers/desk/{name}.py" for name in ("acts", "links", "moves", "offering", "settling")
        },
        "PAST": {"ledgers/refolding/past.py"},
        "RULES": {"ledgers/desk/rules.py"},
        "ERASURE": {"erasure/services.py"},
        "APPROVAL": {"submissions/services/approving.py"},
        "ENTITY_LISTS": {"datasets/declaring.py"},
        "KEYS": {"submissions/opening.py", "submissions/encrypted.py"},
    }
