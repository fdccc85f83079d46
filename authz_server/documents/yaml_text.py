"""Shapes as YAML text that every reader, of YAML 1.1 or 1.2, takes for the same values."""

from __future__ import annotations

import re
from typing import Any, Final

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from authz_server.documents.plain import resolve

# No reader takes such a word for anything but a string, those few aside that `resolve` knows.
_PLAIN: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.~-]*").fullmatch
_NEVER_FOLDED: Final = 1_000_000
_TEXT_TAG: Final = "tag:yaml.org,2002:str"


class _Dumper(yaml.CSafeDumper):
    """Lists of single values in one line, PEM as a block, and in quotes whatever might be mistaken."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the same list twice is written twice
        return True


def write_yaml(shape: Any) -> str:
    """The shape as one YAML document, its fields in their order."""
    text: str = yaml.dump(
        shape, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=False, width=_NEVER_FOLDED
    )
    return text


def _text(dumper: _Dumper, text: str) -> ScalarNode:
    if _PLAIN(text) and isinstance(resolve(text), str):
        return dumper.represent_scalar(_TEXT_TAG, text)
    # libyaml falls back to quotes where a block would not do.
    is_block = text.endswith("\n") and text.startswith("-----BEGIN")
    return dumper.represent_scalar(_TEXT_TAG, text, style="|" if is_block else '"')


def _list(dumper: _Dumper, entries: list[Any]) -> SequenceNode:
    is_line = not any(isinstance(entry, dict | list) for entry in entries)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", entries, flow_style=is_line)


def _mapping(dumper: _Dumper, fields: dict[str, Any]) -> MappingNode:
    return dumper.represent_mapping("tag:yaml.org,2002:map", fields, flow_style=not fields)


def _number(dumper: _Dumper, number: float) -> Node:
    # With a point always: `1e+16` is a string to readers of YAML 1.1.
    text = repr(number)
    if "e" in text and "." not in text:
        text = text.replace("e", ".0e")
    return dumper.represent_scalar("tag:yaml.org,2002:float", text)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(list, _list)
_Dumper.add_representer(dict, _mapping)
_Dumper.add_representer(float, _number)
