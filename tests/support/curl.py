"""The examples that people paste are run by the program that they name."""

import os
import shutil

import pytest


def require_curl() -> None:
    """Skip where `curl` is missing, as it is on some laptops; in CI that is a failure."""
    if shutil.which("curl") is not None:
        return
    sentence = "curl is not installed, so no example line was run: install it (apt-get install curl)"
    if os.environ.get("CI"):
        pytest.fail(sentence)
    pytest.skip(sentence)
