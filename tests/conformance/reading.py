"""What a reader makes of a message: its set fields by name, as plain data that survives JSON."""

from collections.abc import Iterator
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

Reading = dict[str, Any]


def reading(message: Message) -> Reading:
    """The known fields of `message` that are set. Bytes are shown in hexadecimal, enums as numbers."""
    return {field.name: _field(field, value) for field, value in message.ListFields()}


def projected(full: Reading, descriptor: Any) -> Reading:
    """Of what a reader of the whole API saw, the part that a reader of the message of `descriptor` can see."""
    return {
        name: _projected(value, descriptor.fields_by_name[name])
        for name, value in full.items()
        if name in descriptor.fields_by_name
    }


def set_fields(message: Message) -> Iterator[str]:
    """The full name of each field that is set, in `message` or in any message it holds."""
    for field, value in message.ListFields():
        yield field.full_name
        for held in _messages_in(field, value):
            yield from set_fields(held)


def is_map(field: FieldDescriptor) -> bool:
    """Whether a field is written as `map<...>` in the schema."""
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def _field(field: FieldDescriptor, value: Any) -> Any:
    if is_map(field):
        return {key: _value(part) for key, part in value.items()}
    return [_value(part) for part in value] if field.is_repeated else _value(value)


def _value(value: Any) -> Any:
    if isinstance(value, Message):
        return reading(value)
    return value.hex() if isinstance(value, bytes) else value


def _projected(value: Any, field: FieldDescriptor) -> Any:
    if field.message_type is None:
        return value
    if is_map(field):
        part = field.message_type.fields_by_name["value"]
        return {key: _projected(held, part) for key, held in value.items()}
    if field.is_repeated:
        return [projected(held, field.message_type) for held in value]
    return projected(value, field.message_type)


def _messages_in(field: FieldDescriptor, value: Any) -> list[Message]:
    if is_map(field):
        return [part for part in value.values() if isinstance(part, Message)]
    if field.message_type is None:
        return []
    return list(value) if field.is_repeated else [value]
