"""The compact form of a JWS (RFC 7515 section 7.1), read strictly: nothing that two readers could take differently."""

from __future__ import annotations

import json
import re
from binascii import a2b_base64
from functools import lru_cache
from typing import Any, Final, NamedTuple

from authz_server.core import limits
from authz_server.core.strict_json import refuse_constant, without_duplicates

# Any JSON object: what its members are is checked where they are used.
JsonObject = dict[str, Any]

_COMPACT: Final = re.compile(r"([A-Za-z0-9_-]*)\.([A-Za-z0-9_-]*)\.([A-Za-z0-9_-]*)").fullmatch
_BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]*").fullmatch
_STANDARD_ALPHABET: Final = bytes.maketrans(b"-_", b"+/")
# By the length of the text modulo four: the padding it lacks, and the last digits that leave no bit over.
_PADDING: Final = {0: b"", 2: b"==", 3: b"="}
_LAST_DIGITS: Final = {2: "AQgw", 3: "AEIMQUYcgkosw048"}
_decode_json: Final = json.JSONDecoder(object_pairs_hook=without_duplicates, parse_constant=refuse_constant).decode
_LONE_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")


class Compact(NamedTuple):
    """A JWS before its signature is checked. Of `header` only `alg`, `kid` and `typ` are ever used.

    `payload` is nobody's to parse before the signature holds.
    """

    header: JsonObject
    payload: bytes
    signing_input: bytes
    signature: bytes


def parse_compact(token: str) -> Compact | None:
    """The parts of a compact JWS, or None where it is malformed.

    `crit` and `b64` (RFC 7797) make it malformed: no extension is understood here.
    """
    parts = _COMPACT(token)
    if parts is None:
        return None
    header_text, payload_text, signature_text = parts.groups()
    header = _parse_header(header_text)
    payload = _decode_digits(payload_text)
    signature = _decode_digits(signature_text)
    if header is None or payload is None or signature is None:
        return None
    return Compact(header, payload, token[: parts.start(3) - 1].encode("ascii"), signature)


def decode_base64url(text: str) -> bytes | None:
    """The bytes of unpadded, canonical base64url (RFC 7515 section 2); None for anything else."""
    return _decode_digits(text) if _BASE64URL(text) else None


def parse_object(data: bytes) -> JsonObject | None:
    """A JSON object (RFC 8259) of UTF-8 bytes; None for any other document.

    Duplicate members, NaN, Infinity, numbers too long to read, lone surrogates and more than `limits.JSON_DEPTH`
    levels are refused too.
    """
    try:
        text = data.decode("utf-8")
        document = _decode_json(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict):
        return None
    # No document is deeper than it has opening brackets; the exact answer is needed by those that have many only.
    if text.count("{") + text.count("[") > limits.JSON_DEPTH and _depth(document) > limits.JSON_DEPTH:
        return None
    if "\\u" in text and _LONE_SURROGATE.search(json.dumps(document, ensure_ascii=False)):
        return None
    return document


@lru_cache(maxsize=limits.JWT_HEADERS_HELD)
def _parse_header(text: str) -> JsonObject | None:
    # Issuers repeat their headers to the letter; the object is shared by its readers, who do not change it.
    data = _decode_digits(text)
    header = None if data is None else parse_object(data)
    return None if header is None or "crit" in header or "b64" in header else header


def _decode_digits(text: str) -> bytes | None:
    """The bytes of base64url digits, or None where they do not end on a byte, or set a bit beyond it."""
    over = len(text) % 4
    if over and (over == 1 or text[-1] not in _LAST_DIGITS[over]):
        return None
    return a2b_base64(text.encode("ascii").translate(_STANDARD_ALPHABET) + _PADDING[over])


def _depth(document: JsonObject) -> int:
    depth = 0
    level: list[Any] = [document]
    while level:
        depth += 1
        children = (child for parent in level for child in (parent.values() if isinstance(parent, dict) else parent))
        level = [child for child in children if isinstance(child, dict | list)]
    return depth
