"""What each name in our one file is called in Envoy's many. None of these names is ever sent."""

from typing import Final

_OURS: Final = "envoy.service.auth.v3"

KEPT: Final = (
    "CheckRequest",
    "CheckResponse",
    "AttributeContext",
    "AttributeContext.Peer",
    "AttributeContext.Request",
    "AttributeContext.HttpRequest",
    "DeniedHttpResponse",
    "OkHttpResponse",
)
MOVED: Final = {
    "Status": "google.rpc.Status",
    "HttpStatus": "envoy.type.v3.HttpStatus",
    "StatusCode": "envoy.type.v3.StatusCode",
    "Address": "envoy.config.core.v3.Address",
    "SocketAddress": "envoy.config.core.v3.SocketAddress",
    "Pipe": "envoy.config.core.v3.Pipe",
    "HeaderMap": "envoy.config.core.v3.HeaderMap",
    "HeaderValue": "envoy.config.core.v3.HeaderValue",
    "HeaderValueOption": "envoy.config.core.v3.HeaderValueOption",
    "HeaderValueOption.HeaderAppendAction": "envoy.config.core.v3.HeaderValueOption.HeaderAppendAction",
}
ENVOY_NAMES: Final = {f"{_OURS}.{name}": f"{_OURS}.{name}" for name in KEPT} | {
    f"{_OURS}.{name}": envoy_name for name, envoy_name in MOVED.items()
}


def envoy_name(full_name: str) -> str:
    """Envoy's full name of what is called `full_name` here; Google's own types keep theirs."""
    return full_name if full_name.startswith("google.protobuf.") else ENVOY_NAMES[full_name]
