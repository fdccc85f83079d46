"""A check server that answers what the test tells it to: the wrong, the empty, the late answer."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import grpc

from authz_server.wire import ext_authz_pb2 as pb

_SERVING: Final = b"\x08\x01"  # grpc.health.v1.HealthCheckResponse{status: SERVING}


class Fault(Exception):
    """Raised by a script to answer with a gRPC error."""

    def __init__(self, code: grpc.StatusCode) -> None:
        super().__init__(code.name)
        self.code = code


@dataclass(frozen=True, slots=True)
class Check:
    """One CheckRequest with the gRPC metadata beside it."""

    request: pb.CheckRequest
    metadata: Mapping[str, str]

    @property
    def headers(self) -> Mapping[str, str]:
        """The caller's headers, as the check server sees them."""
        return self.request.attributes.request.http.headers


def allowed(*, setting: Mapping[str, str] | None = None, removing: Sequence[str] = ()) -> bytes:
    """What the real server answers for an allowed call, with headers set and removed towards the application."""
    response = pb.CheckResponse(ok_response=pb.OkHttpResponse(headers_to_remove=removing))
    for name, value in (setting or {}).items():
        _overwrite(response.ok_response.headers.add(), name, value)
    response.dynamic_metadata.update({"outcome": "allowed", "code": "allowed"})
    return response.SerializeToString()


def refused(status: int, code: str, headers: Mapping[str, str] | None = None) -> bytes:
    """A refusal as the real server makes it, its body reduced to the code."""
    response = pb.CheckResponse(status=pb.Status(code=7), denied_response=pb.DeniedHttpResponse(body=code))
    response.denied_response.status.code = status  # type: ignore[assignment]  # the enum is open
    response.dynamic_metadata.update({"outcome": "denied", "code": code})
    for name, value in (headers or {}).items():
        _overwrite(response.denied_response.headers.add(), name, value)
    return response.SerializeToString()


def wrong(*, outcome: str | bool | None = None, denied: int | None = None, error: int | None = None) -> bytes:
    """Status OK, which Envoy reads as "allowed" whatever stands beside it; never with the outcome `allowed`."""
    response = pb.CheckResponse(status=pb.Status(code=0))
    if outcome is not None:
        response.dynamic_metadata.update({"outcome": outcome})
    if denied is not None:
        response.denied_response.status.code = denied  # type: ignore[assignment]  # the enum is open
    if error is not None:
        response.error_response.status.code = error  # type: ignore[assignment]  # the enum is open
    return response.SerializeToString()


def _overwrite(option: pb.HeaderValueOption, name: str, value: str) -> None:
    option.header.key, option.header.value = name, value
    option.append_action = pb.HeaderValueOption.OVERWRITE_IF_EXISTS_OR_ADD


class ScriptedCheck:
    """A gRPC server for Check and Health, with TLS if given `credentials`.

    `answer` is called with each check and may raise Fault.
    """

    def __init__(self, credentials: grpc.ServerCredentials | None = None, *, port: int = 0) -> None:
        self.answer: Callable[[Check], bytes] = lambda _: allowed()
        self.checks: list[Check] = []
        self._server = grpc.server(ThreadPoolExecutor(4))
        check: grpc.RpcMethodHandler[bytes, bytes] = grpc.unary_unary_rpc_method_handler(self._check)
        health: grpc.RpcMethodHandler[bytes, bytes] = grpc.unary_unary_rpc_method_handler(
            lambda _request, _context: _SERVING
        )
        self._server.add_generic_rpc_handlers(
            (
                grpc.method_handlers_generic_handler("envoy.service.auth.v3.Authorization", {"Check": check}),
                grpc.method_handlers_generic_handler("grpc.health.v1.Health", {"Check": health}),
            )
        )
        address = f"127.0.0.1:{port}"
        self.port: int = (
            self._server.add_insecure_port(address)
            if credentials is None
            else self._server.add_secure_port(address, credentials)
        )
        self._server.start()

    def always(self, answer: bytes) -> None:
        """Answer every check with these bytes."""
        self.answer = lambda _: answer

    def _check(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        metadata = {key: value for key, value in context.invocation_metadata() if isinstance(value, str)}
        check = Check(pb.CheckRequest.FromString(request), metadata)
        self.checks.append(check)
        try:
            return self.answer(check)
        except Fault as fault:
            context.abort(fault.code, "as the script says")
            raise AssertionError("abort returned") from None

    def stop(self) -> None:
        """Stop the server and wait for it."""
        self._server.stop(None).wait()
