"""Random messages cross between ours and an oracle, either way, and mean the same on both sides."""

import random
from typing import Any

import pytest
from google.protobuf.message import Message

from authz_server.wire.ext_authz_pb2 import AttributeContext, CheckRequest, CheckResponse, HttpStatus
from tests.conformance.filling import fill
from tests.conformance.names import envoy_name
from tests.conformance.oracle import Oracle
from tests.conformance.reading import Reading, projected, reading, set_fields

MESSAGES = 300
ROOTS = (CheckRequest, CheckResponse)
TLS_SESSION, METADATA_CONTEXT = "tls_session", "metadata_context"

Root = type[CheckRequest] | type[CheckResponse]


def some(root: Root, seed: int) -> list[Message]:
    choices = random.Random(seed)
    messages: list[Message] = [root() for _ in range(MESSAGES)]
    for message in messages:
        fill(message, choices)
    return messages


def sent_through(oracle: Oracle, messages: list[Message]) -> list[tuple[bytes, Reading]]:
    """Each message as the oracle writes it again (without what it does not know), and as it read it."""
    rows = [(envoy_name(message.DESCRIPTOR.full_name), message.SerializeToString().hex()) for message in messages]
    return [(bytes.fromhex(data), read) for data, read in oracle.ask("through", messages=rows)]


def filled_by(xds: Oracle, root: Root, seed: int) -> list[tuple[bytes, Reading]]:
    """Random messages of the whole API, and what they hold."""
    answer: list[Any] = xds.ask("filled", name=root.DESCRIPTOR.full_name, seed=seed, count=MESSAGES)
    return [(bytes.fromhex(data), read) for data, read in answer]


def test_the_random_messages_reach_every_field_of_ours() -> None:
    """Without this, a field could be missing from all the comparisons below."""
    reached = {name for root in ROOTS for message in some(root, seed=1) for name in set_fields(message)}
    ours: list[Any] = list(AttributeContext.DESCRIPTOR.file.message_types_by_name.values())
    ours += [nested for nested in AttributeContext.DESCRIPTOR.nested_types if not nested.GetOptions().map_entry]
    assert {field.full_name for descriptor in ours for field in descriptor.fields} <= reached


def test_the_oracle_gives_back_only_what_it_knows(oracle: Oracle) -> None:
    """Else the next test would pass for a field with any number: unknown fields survive a round trip."""
    known = HttpStatus(code="Forbidden")
    unknown_behind_it = HttpStatus.FromString(known.SerializeToString() + b"\xc2\x3e\x01x")
    assert unknown_behind_it != known
    assert sent_through(oracle, [unknown_behind_it]) == [(known.SerializeToString(), {"code": 403})]


@pytest.mark.parametrize("root", ROOTS)
def test_what_we_write_the_oracle_reads_alike_and_gives_back_unchanged(oracle: Oracle, root: Root, seed: int) -> None:
    messages = some(root, seed)
    answers = sent_through(oracle, messages)
    assert [read for _, read in answers] == [reading(message) for message in messages]
    assert [root.FromString(data) for data, _ in answers] == messages


@pytest.mark.parametrize("root", ROOTS)
def test_what_the_whole_api_can_say_we_read_alike_as_far_as_we_know_it(xds: Oracle, root: Root, seed: int) -> None:
    filled = filled_by(xds, root, seed)
    assert [reading(root.FromString(data)) for data, _ in filled] == [
        projected(read, root.DESCRIPTOR) for _, read in filled
    ]


@pytest.mark.parametrize("root", ROOTS)
def test_what_we_do_not_know_we_hand_on_untouched(xds: Oracle, root: Root, seed: int) -> None:
    filled = filled_by(xds, root, seed)
    assert [read for _, read in sent_through(xds, [root.FromString(data) for data, _ in filled])] == [
        read for _, read in filled
    ]


def test_the_whole_api_says_things_that_we_do_not_know(xds: Oracle, seed: int) -> None:
    """The two tests above mean something only while there is something unknown to us in them."""
    said = {name for _, read in filled_by(xds, CheckRequest, seed) for name in read.get("attributes", {})}
    assert {TLS_SESSION, METADATA_CONTEXT} <= said - set(AttributeContext.DESCRIPTOR.fields_by_name)


@pytest.mark.parametrize("root", ROOTS)
def test_what_the_whole_api_can_say_in_another_writers_bytes_we_read_alike(
    xds: Oracle, oracle: Oracle, root: Root, seed: int
) -> None:
    rows = [(root.DESCRIPTOR.full_name, data.hex()) for data, _ in filled_by(xds, root, seed)]
    answers = oracle.ask("through", messages=rows)
    assert [reading(root.FromString(bytes.fromhex(data))) for data, _ in answers] == [
        projected(read, root.DESCRIPTOR) for _, read in answers
    ]


def test_a_status_that_our_enum_does_not_name_arrives_as_its_number(oracle: Oracle) -> None:
    teapot, code = b"\x08\xa2\x03", 418
    message = HttpStatus.FromString(teapot)
    assert message.code == code
    assert sent_through(oracle, [message]) == [(teapot, {"code": code})]
