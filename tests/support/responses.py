"""A CheckResponse as a test reads it: by protobuf, into plain values."""

import json
from dataclasses import dataclass
from typing import Any

from google.protobuf import json_format

from authz_server.wire import ext_authz_pb2 as wire


@dataclass(frozen=True, slots=True)
class Response:
    """What Envoy is told. `kind` is the member of the oneof that is set; `http_status` is 200 where allowed."""

    code: int
    kind: str | None
    http_status: int
    headers: dict[str, str]
    removed: tuple[str, ...]
    body: str
    metadata: dict[str, Any]

    @property
    def problem(self) -> dict[str, Any]:
        """The problem document."""
        document: dict[str, Any] = json.loads(self.body)
        return document

    @property
    def is_allowed(self) -> bool:
        """As Envoy sees it: by the status code alone."""
        return self.code == 0


def read_response(encoded: bytes) -> Response:
    """Read the bytes; fails where a header is there twice or is not an overwrite."""
    response = wire.CheckResponse.FromString(encoded)
    kind = response.WhichOneof("http_response")
    options: list[wire.HeaderValueOption] = []
    status, body = 200, ""
    removed: tuple[str, ...] = ()
    if kind == "ok_response":
        options, removed = list(response.ok_response.headers), tuple(response.ok_response.headers_to_remove)
    elif kind is not None:
        denied = getattr(response, kind)
        options, status, body = list(denied.headers), denied.status.code, denied.body
    overwrite = wire.HeaderValueOption.OVERWRITE_IF_EXISTS_OR_ADD
    assert all(option.append_action == overwrite for option in options)
    headers = {option.header.key: option.header.value for option in options}
    assert len(headers) == len(options)
    metadata = json_format.MessageToDict(response.dynamic_metadata)
    return Response(response.status.code, kind, status, headers, removed, body, metadata)
