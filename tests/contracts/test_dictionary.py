"""Every column of the data dictionary has both labels and a known code list."""

from __future__ import annotations

from server.core.codes import code_lists
from server.ledgers.definitions.ledgers import COLUMNS


def test_every_column_has_two_labels_and_a_known_code_list():
    for columns in COLUMNS.values():
        for column in columns.values():
            assert column.label.zh
            assert column.label.en
            assert column.codes == "" or column.codes in code_lists()
