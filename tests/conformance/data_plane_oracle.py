"""The Envoy API as betterproto2 dataclasses (the package envoy-data-plane) as an oracle.

betterproto2 shares no code with Google's runtimes: another reader and writer of the same bytes.
"""

import enum
import importlib
from datetime import UTC, datetime, timedelta
from typing import Any

import betterproto2

from tests.conformance.oracle import answer_questions
from tests.conformance.reading import Reading
from tests.conformance.schema import Field, Schema

_ROOT = "envoy_data_plane."
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def schema(messages: list[str], enums: list[str], methods: list[str]) -> Schema:
    """What envoy-data-plane says of these messages, enums and methods."""
    names = {_class(name): name for name in (*messages, *enums)}
    return {
        "messages": {name: _fields(_class(name), names) for name in messages},
        "enums": {name: {value.name or "": value.value for value in _class(name)} for name in enums},
        "methods": {path: _method(path, names) for path in methods},
    }


def through(messages: list[tuple[str, str]]) -> list[tuple[str, Reading]]:
    """Each message (full name, hexadecimal bytes) as read here, and written again without what is not known here."""
    return [_through(_class(name), bytes.fromhex(data)) for name, data in messages]


def _class(full_name: str) -> Any:
    """The class of a message or an enum: nested names are run together."""
    parts = full_name.split(".")
    package = [part for part in parts if part[0].islower()]
    return getattr(importlib.import_module(_ROOT + ".".join(package)), "".join(parts[len(package) :]))


def _metadata(message: Any) -> Any:
    return message._betterproto  # noqa: SLF001 - the numbers and types of the fields are nowhere else


def _fields(message: Any, names: dict[Any, str]) -> dict[str, Field]:
    metadata = _metadata(message)
    return {
        name: _field(field, metadata.cls_by_field, name, names) for name, field in metadata.meta_by_field_name.items()
    }


def _field(field: betterproto2.FieldMetadata, classes: dict[str, Any], name: str, names: dict[Any, str]) -> Field:
    target = None
    if field.map_meta is not None:
        key, value = field.map_meta
        held = _name(classes[f"{name}.value"], names) if value.proto_type == "message" else value.proto_type
        target = f"{key.proto_type},{held}"
    elif field.proto_type in ("message", "enum"):
        target = _name(field.unwrap() if field.unwrap else classes[name], names)
    return {
        "number": field.number,
        "type": field.proto_type,
        "repeated": bool(field.repeated),
        "presence": bool(field.optional),
        "oneof": field.group,
        "target": target,
    }


def _name(target: type, names: dict[Any, str]) -> str:
    return names.get(target) or f"{target.__module__.removeprefix(_ROOT)}.{target.__name__}"


def _method(path: str, names: dict[Any, str]) -> list[str]:
    service, _, _ = path[1:].partition("/")
    handler = _class(f"{service}Base")().__mapping__()[path]
    shape = handler.cardinality
    streams = [f"client_streaming={shape.client_streaming}", f"server_streaming={shape.server_streaming}"]
    return [_name(handler.request_type, names), _name(handler.reply_type, names), *streams]


def _through(message: Any, data: bytes) -> tuple[str, Reading]:
    read = message.parse(data)
    _forget_unknown(read)
    return bytes(read).hex(), _reading(read)


def _forget_unknown(message: Any) -> None:
    message._unknown_fields = b""  # noqa: SLF001 - there is no other way to leave them out
    for name in _metadata(message).meta_by_field_name:
        held = getattr(message, name)
        for part in held.values() if isinstance(held, dict) else held if isinstance(held, list) else [held]:
            if isinstance(part, betterproto2.Message):
                _forget_unknown(part)


def _reading(message: Any) -> Reading:
    fields = _metadata(message).meta_by_field_name
    return {
        name: _field_value(getattr(message, name), field)
        for name, field in fields.items()
        if _is_set(getattr(message, name), field)
    }


def _is_set(value: Any, field: betterproto2.FieldMetadata) -> bool:
    return value is not None and (bool(field.optional) or bool(value))


def _field_value(value: Any, field: betterproto2.FieldMetadata) -> Any:
    if field.unwrap:
        return _wrapped(value)
    if isinstance(value, dict):
        return {key: _value(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_value(part) for part in value]
    return _value(value)


def _wrapped(value: Any) -> Reading:
    """A Timestamp shows as a datetime and a BoolValue as a bool; this is the message that it was."""
    if isinstance(value, datetime):
        seconds, micros = divmod((value - _EPOCH) // timedelta(microseconds=1), 10**6)
        fields = {"seconds": seconds, "nanos": micros * 1000}
    else:
        fields = {"value": value}
    return {name: part for name, part in fields.items() if part}


def _value(value: Any) -> Any:
    if isinstance(value, betterproto2.Message):
        return _reading(value)
    if isinstance(value, enum.IntEnum):
        return int(value)
    return value.hex() if isinstance(value, bytes) else value


if __name__ == "__main__":
    answer_questions({"schema": schema, "through": through})
