"""The memory and time that the web server takes for an upload of 100 MB.

    var/venv/bin/python -m tests.perf.uploads [MEGABYTES]

Runs tests/acceptance/test_large_uploads.py with that size and shows what it measures.
"""

from __future__ import annotations

import os
import sys

import pytest

if __name__ == "__main__":
    os.environ["LARGE_UPLOAD_MB"] = sys.argv[1] if len(sys.argv) > 1 else "100"
    sys.exit(pytest.main(["-s", "tests/acceptance/test_large_uploads.py"]))
