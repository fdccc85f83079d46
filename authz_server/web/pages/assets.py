"""Assets: the stylesheet, the script and the icon, each under a path that changes with its content."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from importlib.resources import files
from typing import Final, NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_FOLDER: Final = "static"
_PREFIX: Final = "/static"
_MEDIA_TYPES: Final = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
_FOR_EVER: Final = {"Cache-Control": "public, max-age=31536000, immutable"}
_DIGITS: Final = 12  # of the digest: enough for every version there will ever be


class Asset(NamedTuple):
    """One file, and where it is served."""

    path: str
    media_type: str
    content: bytes


def load() -> Mapping[str, Asset]:
    """Every file of the folder, by its name."""
    found = {}
    for file in files(__package__).joinpath(_FOLDER).iterdir():
        stem, _, suffix = file.name.rpartition(".")
        if suffix in _MEDIA_TYPES:
            content = file.read_bytes()
            path = f"{_PREFIX}/{stem}.{sha256(content).hexdigest()[:_DIGITS]}.{suffix}"
            found[file.name] = Asset(path, _MEDIA_TYPES[suffix], content)
    return found


def routes(assets: Mapping[str, Asset]) -> list[Route]:
    """A route for each; nobody has to sign in for them."""
    return [_route(asset) for asset in assets.values()]


def _route(asset: Asset) -> Route:
    async def serve(_: Request) -> Response:
        return Response(asset.content, headers=_FOR_EVER, media_type=asset.media_type)

    return Route(asset.path, serve)
