"""Serialised parts of a CheckResponse, laid end to end, are one CheckResponse: what the encoder may rely on.

Two ways to join. *Inside*: the bytes of two OkHttpResponse lie in one field; any reader of protobuf takes that.
*Outside*: two whole CheckResponses follow each other, so the field comes twice and the reader must merge the two. The
protobuf specification says so, and Google's readers do it (C, Python, and C++ in Envoy); betterproto2 keeps the second.
"""

import random
from typing import Any, Literal

import pytest

from authz_server.wire.ext_authz_pb2 import (
    CheckResponse,
    DeniedHttpResponse,
    HeaderValue,
    HeaderValueOption,
    OkHttpResponse,
    Status,
)
from tests.conformance.filling import fill
from tests.conformance.oracle import Oracle
from tests.conformance.reading import reading

PAIRS = 200

Arm = Literal["ok_response", "denied_response", "error_response"]
ARMS: tuple[Arm, ...] = ("ok_response", "denied_response", "error_response")
TAGS: dict[Arm, int] = {arm: CheckResponse.DESCRIPTOR.fields_by_name[arm].number << 3 | 2 for arm in ARMS}


def a_response(choices: random.Random, arm: Arm) -> CheckResponse:
    response = CheckResponse()
    fill(response, choices)
    if response.WhichOneof("http_response") != arm:
        fill(getattr(response, arm), choices)
        getattr(response, arm).SetInParent()
    return response


def pairs(arm: Arm, seed: int) -> list[tuple[CheckResponse, CheckResponse]]:
    choices = random.Random(seed)
    return [(a_response(choices, arm), a_response(choices, arm)) for _ in range(PAIRS)]


def merged(first: CheckResponse, second: CheckResponse) -> CheckResponse:
    both = CheckResponse()
    both.CopyFrom(first)
    both.MergeFrom(second)
    return both


def varint(number: int) -> bytes:
    rest, low = divmod(number, 128)
    return bytes([low]) if not rest else bytes([low + 128]) + varint(rest)


def joined_inside(first: CheckResponse, second: CheckResponse, arm: Arm) -> bytes:
    inner = bytes(getattr(first, arm).SerializeToString() + getattr(second, arm).SerializeToString())
    return bytes([TAGS[arm]]) + varint(len(inner)) + inner


def read_by(oracle: Oracle, joined: list[bytes]) -> list[Any]:
    rows = [(CheckResponse.DESCRIPTOR.full_name, data.hex()) for data in joined]
    return [read for _, read in oracle.ask("through", messages=rows)]


@pytest.mark.parametrize("arm", ARMS)
def test_two_responses_end_to_end_read_as_their_merge(merging_oracle: Oracle, arm: Arm, seed: int) -> None:
    both = pairs(arm, seed)
    joined = [first.SerializeToString() + second.SerializeToString() for first, second in both]
    assert [CheckResponse.FromString(data) for data in joined] == [merged(first, second) for first, second in both]
    assert read_by(merging_oracle, joined) == [reading(merged(first, second)) for first, second in both]


def test_parts_inside_one_ok_response_read_as_their_merge(oracle: Oracle, seed: int) -> None:
    """Rows are appended; there is nothing in an OkHttpResponse that a second part could overwrite."""
    both = [(only("ok_response", first), only("ok_response", second)) for first, second in pairs("ok_response", seed)]
    joined = [joined_inside(first, second, "ok_response") for first, second in both]
    assert [CheckResponse.FromString(data) for data in joined] == [merged(first, second) for first, second in both]
    assert read_by(oracle, joined) == [reading(merged(first, second)) for first, second in both]


@pytest.mark.parametrize("arm", ["denied_response", "error_response"])
def test_a_body_joined_inside_a_denied_response_reads_as_set_there(oracle: Oracle, arm: Arm, seed: int) -> None:
    """The encoder's case: status and headers from a constant, the body of this call behind them."""
    both = [(only(arm, first), a_body(arm)) for first, _ in pairs(arm, seed)]
    joined = [joined_inside(first, second, arm) for first, second in both]
    assert [CheckResponse.FromString(data) for data in joined] == [merged(first, second) for first, second in both]
    assert read_by(oracle, joined) == [reading(merged(first, second)) for first, second in both]


def test_another_kind_of_response_behind_the_first_replaces_it(merging_oracle: Oracle) -> None:
    """Hence parts of different kinds must never be joined: what the first said to the caller would be gone."""
    header = HeaderValueOption(header=HeaderValue(key="a", value="b"))
    denied = CheckResponse(status=Status(code=7), denied_response=DeniedHttpResponse(headers=[header]))
    allowed = CheckResponse(status=Status(), ok_response=OkHttpResponse(headers_to_remove=["authorization"]))
    joined = denied.SerializeToString() + allowed.SerializeToString()
    assert CheckResponse.FromString(joined).WhichOneof("http_response") == "ok_response"
    assert read_by(merging_oracle, [joined]) == [
        {"status": {"code": 7}, "ok_response": {"headers_to_remove": ["authorization"]}}
    ]


def only(arm: Arm, response: CheckResponse) -> CheckResponse:
    alone = CheckResponse()
    getattr(alone, arm).CopyFrom(getattr(response, arm))
    return alone


def a_body(arm: Arm) -> CheckResponse:
    body = DeniedHttpResponse(body='{"status": 403}')
    return CheckResponse(denied_response=body) if arm == "denied_response" else CheckResponse(error_response=body)
