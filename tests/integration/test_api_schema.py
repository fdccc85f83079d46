"""The API against its own description, by schemathesis: every check, for each role, over SQLite."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest
import schemathesis
from schemathesis.checks import CHECKS
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema

from authz_server.managing.records import Role
from authz_server.sql.database import SqlDatabase
from authz_server.web.app import Attempts
from tests.support.rest_api import Api, a_seal
from tests.support.schemathesis_formats import (
    register,
    with_distinct_names,
    with_real_keys,
    without_half_booleans,
)

EXAMPLES: Final = 5  # of each operation and kind of test, beside the systematic ones
# A precondition that fails is no fault of the data: If-Match may name any version.
PRECONDITION_FAILED: Final = "412"


@pytest.fixture(scope="module", autouse=True)
def requests_with_real_keys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What no schema can say: keys lie on their curves, and each Idempotency-Key is used once."""
    register(tmp_path_factory.mktemp("authority"))

    @schemathesis.hook("before_call")
    def before_call(_: Any, case: Any, __: Any) -> None:
        if case.meta is None or not case.meta.generation.mode.is_positive:
            return
        case.body = with_distinct_names(with_real_keys(without_half_booleans(case.body), a_seal()))
        if "Idempotency-Key" in (case.headers or {}):
            case.headers["Idempotency-Key"] = str(uuid.uuid4())

    yield
    schemathesis.hooks.unregister_all()


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
@pytest.mark.parametrize("role", list(Role))
def test_the_api_does_what_its_description_says(role: Role, tmp_path: Path) -> None:
    """Examples, random requests and sequences of them for every role; for an admin the systematic ones as well."""
    database = SqlDatabase(f"sqlite:///{tmp_path}/authz.db", a_seal())
    database.upgrade()
    api = Api(database, seal=a_seal(), reveal=True, attempts=Attempts(most=10**9), random_below=Random(1).randrange)
    try:
        checked, failures = _tested(api, role)
    finally:
        database.close()
    print(role.value, dict(checked))
    assert failures == []
    assert api.recorded.faults == []
    assert {name for name, _ in checked} == set(CHECKS.get_all_names())


def _tested(api: Api, role: Role) -> tuple[Counter[tuple[str, str]], list[str]]:
    """How often each check ended how, and what failed."""
    checked: Counter[tuple[str, str]] = Counter()
    failures: list[str] = []
    schema = schemathesis.openapi.from_asgi("/api/openapi.json", api.app, config=_config(api.keys[role], role))
    for event in from_schema(schema).execute():
        if isinstance(event, events.NonFatalError | events.FatalError):
            failures.append(repr(event))
        if isinstance(event, events.ScenarioFinished):
            for case_id, nodes in event.recorder.checks.items():
                for node in nodes:
                    checked[node.name, node.status.value] += 1
                    if node.failure_info is not None:
                        response = event.recorder.interactions[case_id].response
                        answered = "nothing" if response is None else response.content.decode()[:1_000]
                        failures.append(f"{event.label}: {node.failure_info.failure}\n{answered}")
    return checked, failures


def _config(key: str, role: Role) -> SchemathesisConfig:
    config = SchemathesisConfig.from_dict(
        {
            "seed": 1,
            "continue-on-failure": True,
            "auth": {"openapi": {"apiKey": {"bearer": key}}},
            "generation": {"max-examples": EXAMPLES},
            "phases": {"coverage": {"enabled": role is Role.ADMIN}},
        }
    )
    checks = config.projects.default.checks
    for check in (checks.positive_data_acceptance, checks.negative_data_rejection):
        check.expected_statuses = [*check.expected_statuses, PRECONDITION_FAILED]
    return config
