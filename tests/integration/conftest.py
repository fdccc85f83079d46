"""Integration tests run on the event loop that the servers run on."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
import uvloop


def pytest_asyncio_loop_factories(config: pytest.Config, item: pytest.Item) -> Mapping[str, Callable[[], Any]]:
    """Every asynchronous test here gets an event loop of uvloop's."""
    return {"uvloop": uvloop.new_event_loop}
