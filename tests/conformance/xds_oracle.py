"""Google's generated Envoy API (the package xds-protos) as an oracle."""

import random

import envoy.service.auth.v3.external_auth_pb2  # type: ignore[import-untyped]  # noqa: F401 - fills the pool
from google.protobuf.descriptor_pb2 import DescriptorProto, EnumDescriptorProto, MethodDescriptorProto
from google.protobuf.descriptor_pool import Default
from google.protobuf.internal import api_implementation
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from tests.conformance.filling import fill
from tests.conformance.oracle import answer_questions
from tests.conformance.reading import Reading, reading
from tests.conformance.schema import Field, Schema, enum_values, message_fields

_POOL = Default()


def implementation() -> str:
    """Which of Google's implementations reads and writes here."""
    return api_implementation.Type()


def schema(messages: list[str], enums: list[str], methods: list[str]) -> Schema:
    """What xds-protos says of these messages, enums and methods."""
    return {
        "messages": {name: _fields(name) for name in messages},
        "enums": {name: _values(name) for name in enums},
        "methods": {path: _method(path) for path in methods},
    }


def through(messages: list[tuple[str, str]]) -> list[tuple[str, Reading]]:
    """Each message (full name, hexadecimal bytes) as read here, and written again without what is not known here."""
    return [_through(name, bytes.fromhex(data)) for name, data in messages]


def filled(name: str, seed: int, count: int) -> list[tuple[str, Reading]]:
    """Random messages of the whole API: their bytes in hexadecimal, and what they hold."""
    choices = random.Random(seed)
    made = [_new(name) for _ in range(count)]
    for message in made:
        fill(message, choices)
    return [(message.SerializeToString().hex(), reading(message)) for message in made]


def _fields(name: str) -> dict[str, Field]:
    proto = DescriptorProto()
    _POOL.FindMessageTypeByName(name).CopyToProto(proto)
    return message_fields(proto, str)


def _values(name: str) -> dict[str, int]:
    proto = EnumDescriptorProto()
    _POOL.FindEnumTypeByName(name).CopyToProto(proto)
    return enum_values(proto)


def _method(path: str) -> list[str]:
    service, _, name = path[1:].partition("/")
    proto = MethodDescriptorProto()
    _POOL.FindServiceByName(service).methods_by_name[name].CopyToProto(proto)
    streams = [f"client_streaming={proto.client_streaming}", f"server_streaming={proto.server_streaming}"]
    return [proto.input_type[1:], proto.output_type[1:], *streams]


def _new(name: str) -> Message:
    return GetMessageClass(_POOL.FindMessageTypeByName(name))()


def _through(name: str, data: bytes) -> tuple[str, Reading]:
    message = _new(name)
    message.MergeFromString(data)
    message.DiscardUnknownFields()
    return message.SerializeToString().hex(), reading(message)


if __name__ == "__main__":
    answer_questions({"implementation": implementation, "schema": schema, "through": through, "filled": filled})
