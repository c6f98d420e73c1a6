"""Work during which Python does not look for cycles leaves that as it was, whatever happens."""

from __future__ import annotations

import gc

import pytest

from server.core.garbage import collection_paused


def test_collection_goes_on_after_the_outermost_work_and_after_a_failure():
    assert gc.isenabled()
    with collection_paused():
        with pytest.raises(KeyError), collection_paused():
            raise KeyError
        assert not gc.isenabled()
    assert gc.isenabled()


def test_who_switched_collection_off_finds_it_off():
    gc.disable()
    try:
        with collection_paused():
            assert not gc.isenabled()
        assert not gc.isenabled()
    finally:
        gc.enable()
