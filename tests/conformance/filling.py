"""Random messages of any schema, by its descriptors alone."""

import random
from typing import Any, Final

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from tests.conformance.reading import is_map

_DEPTH: Final = 8
_FILLED: Final = 0.75
_LATEST_SECOND: Final = 4_102_444_800  # 2100-01-01: every reader can show it as a date
_CHARACTERS: Final = "abcXYZ019-_.~:/%!, \t\r\n\x00\x7f\"'é漢\U0001f511"
_INTEGERS: Final = {
    FieldDescriptor.TYPE_INT32: (-(2**31), 2**31 - 1),
    FieldDescriptor.TYPE_INT64: (-(2**63), 2**63 - 1),
    FieldDescriptor.TYPE_UINT32: (0, 2**32 - 1),
    FieldDescriptor.TYPE_UINT64: (0, 2**64 - 1),
}


def fill(message: Message, choices: random.Random, depth: int = 0) -> None:
    """Set each field of `message` or leave it, at most one of each oneof, and fill the messages in it likewise."""
    if isinstance(message, Timestamp):
        message.seconds = choices.randrange(_LATEST_SECOND)
        message.nanos = choices.randrange(10**6) * 1000
        return
    for field in _chosen_fields(message, choices):
        if field.message_type is None or depth < _DEPTH:
            _fill_field(message, field, choices, depth)


def _chosen_fields(message: Message, choices: random.Random) -> list[FieldDescriptor]:
    alternatives: list[list[Any]] = [[field] for field in message.DESCRIPTOR.fields if field.containing_oneof is None]
    alternatives += [list(oneof.fields) for oneof in message.DESCRIPTOR.oneofs]
    return [choices.choice(fields) for fields in alternatives if choices.random() < _FILLED]


def _fill_field(message: Message, field: FieldDescriptor, choices: random.Random, depth: int) -> None:
    held: Any = getattr(message, field.name)
    if is_map(field):
        for _ in range(choices.randrange(4)):
            _fill_entry(held, field, choices, depth)
    elif field.is_repeated:
        for _ in range(choices.randrange(4)):
            if field.message_type is None:
                held.append(_scalar(field, choices))
            else:
                fill(held.add(), choices, depth + 1)
    elif field.message_type is None:
        setattr(message, field.name, _scalar(field, choices))
    else:
        held.SetInParent()
        fill(held, choices, depth + 1)


def _fill_entry(entries: Any, field: FieldDescriptor, choices: random.Random, depth: int) -> None:
    assert field.message_type is not None
    key, value = (field.message_type.fields_by_name[name] for name in ("key", "value"))
    if value.message_type is None:
        entries[_scalar(key, choices)] = _scalar(value, choices)
    else:
        fill(entries[_scalar(key, choices)], choices, depth + 1)


def _scalar(field: FieldDescriptor, choices: random.Random) -> Any:
    if field.type in _INTEGERS:
        lowest, highest = _INTEGERS[field.type]
        return choices.choice((lowest, highest, 0, 1, choices.randint(lowest, highest)))
    if field.type == FieldDescriptor.TYPE_STRING:
        return "".join(choices.choices(_CHARACTERS, k=choices.choice((0, 1, 5, 200))))
    if field.type == FieldDescriptor.TYPE_BYTES:
        return choices.randbytes(choices.choice((0, 1, 5, 200)))
    if field.enum_type is not None:
        return choices.choice(field.enum_type.values).number
    if field.type == FieldDescriptor.TYPE_BOOL:
        return choices.choice((True, False))
    if field.type == FieldDescriptor.TYPE_DOUBLE:
        return choices.uniform(-1e9, 1e9)
    raise NotImplementedError(f"{field.full_name} has a type that no message here had")
