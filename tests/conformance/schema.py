"""A schema as plain data that survives JSON, and how two of them differ."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypedDict

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
)


class Field(TypedDict):
    """One field. `target` is the message or enum it holds; of a map, the types of key and value: `string,string`."""

    number: int
    type: str
    repeated: bool
    presence: bool
    oneof: str | None
    target: str | None


class Schema(TypedDict):
    """Messages and enums by full name, methods by RPC path."""

    messages: dict[str, dict[str, Field]]
    enums: dict[str, dict[str, int]]
    methods: dict[str, list[str]]


Rename = Callable[[str], str]


def file_schema(file: FileDescriptorProto, rename: Rename) -> Schema:
    """All of a file, with every name given as `rename` says."""
    messages = dict(_nested(file.package, file.message_type))
    enums = {f"{file.package}.{enum.name}": enum for enum in file.enum_type}
    enums |= {f"{outer}.{enum.name}": enum for outer, message in messages.items() for enum in message.enum_type}
    return {
        "messages": {rename(name): message_fields(message, rename) for name, message in messages.items()},
        "enums": {rename(name): enum_values(enum) for name, enum in enums.items()},
        "methods": {
            f"/{file.package}.{service.name}/{method.name}": [
                rename(method.input_type[1:]),
                rename(method.output_type[1:]),
                f"client_streaming={method.client_streaming}",
                f"server_streaming={method.server_streaming}",
            ]
            for service in file.service
            for method in service.method
        },
    }


def message_fields(message: DescriptorProto, rename: Rename) -> dict[str, Field]:
    """The fields of one message by name."""
    entries = {entry.name: entry for entry in message.nested_type if entry.options.map_entry}
    return {field.name: _field(field, message, entries, rename) for field in message.field}


def enum_values(enum: EnumDescriptorProto) -> dict[str, int]:
    """The numbers of one enum by name."""
    return {value.name: value.number for value in enum.value}


def differences(ours: Schema, theirs: Schema) -> list[str]:
    """Each thing of ours that theirs lacks or has otherwise. Ours may hold less than theirs."""
    pairs: Iterable[tuple[str, object, object]] = (
        *((path, types, theirs["methods"].get(path)) for path, types in ours["methods"].items()),
        *(
            (f"{message}.{name}", field, theirs["messages"].get(message, {}).get(name))
            for message, fields in ours["messages"].items()
            for name, field in fields.items()
        ),
        *(
            (f"{enum}.{name}", number, theirs["enums"].get(enum, {}).get(name))
            for enum, values in ours["enums"].items()
            for name, number in values.items()
        ),
    )
    return [
        f"{name}: ours {our_value}, theirs {their_value}"
        for name, our_value, their_value in pairs
        if our_value != their_value
    ]


def _nested(prefix: str, messages: Iterable[DescriptorProto]) -> Iterator[tuple[str, DescriptorProto]]:
    for message in messages:
        if not message.options.map_entry:
            name = f"{prefix}.{message.name}"
            yield name, message
            yield from _nested(name, message.nested_type)


def _field(
    field: FieldDescriptorProto, owner: DescriptorProto, entries: dict[str, DescriptorProto], rename: Rename
) -> Field:
    entry = entries.get(field.type_name.rpartition(".")[2]) if field.type_name.startswith(".") else None
    oneof = (
        owner.oneof_decl[field.oneof_index].name
        if field.HasField("oneof_index") and not field.proto3_optional
        else None
    )
    repeated = field.label == FieldDescriptorProto.LABEL_REPEATED
    return {
        "number": field.number,
        "type": "map" if entry is not None else _type(field),
        "repeated": repeated and entry is None,
        "presence": not repeated and (oneof is not None or field.proto3_optional or _type(field) == "message"),
        "oneof": oneof,
        "target": _target(field, rename)
        if entry is None
        else ",".join(_target(part, rename) or _type(part) for part in entry.field),
    }


def _type(field: FieldDescriptorProto) -> str:
    return FieldDescriptorProto.Type.Name(field.type).removeprefix("TYPE_").lower()


def _target(field: FieldDescriptorProto, rename: Rename) -> str | None:
    return rename(field.type_name[1:]) if field.type_name else None
