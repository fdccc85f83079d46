"""The documentation at /api/docs: one plain page, made from the description, that loads nothing from anywhere."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any, Final

_METHODS: Final = ("get", "post", "put", "patch", "delete")
_STYLE: Final = """
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; }
code, pre { font-family: ui-monospace, monospace; font-size: .875rem; }
pre { overflow: auto; padding: .75rem; border: 1px solid; border-radius: .25rem; }
article { border-top: 1px solid; padding: .5rem 0; }
table { border-collapse: collapse; }
td, th { text-align: start; vertical-align: top; padding: .125rem .75rem .125rem 0; }
"""
STYLE_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
CONTENT_SECURITY_POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def page(description: Mapping[str, Any]) -> bytes:
    """The page, in HTML."""
    return "\n".join(_page(description)).encode("utf-8")


def _page(description: Mapping[str, Any]) -> Iterator[str]:
    info = description["info"]
    yield '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{escape(info['title'])} API</title><style>{_STYLE}</style></head><body><main>"
    yield f"<h1>{escape(info['title'])} API {escape(info['version'])}</h1><p>{escape(info['description'])}</p>"
    yield '<p>The same for machines: <a href="/api/openapi.json">openapi.json</a>.</p>'
    yield "<nav><ul>"
    for path, method, operation in _operations(description):
        anchor = escape(operation["operationId"])
        yield f'<li><a href="#{anchor}"><code>{method.upper()} {escape(path)}</code></a></li>'
    yield "</ul></nav>"
    for path, method, operation in _operations(description):
        yield from _operation(path, method, operation)
    yield "<h2>Shapes</h2>"
    for name, schema in description["components"]["schemas"].items():
        yield f'<article id="{escape(name)}"><h3>{escape(name)}</h3>{_pre(schema)}</article>'
    yield "</main></body></html>"


def _operations(description: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for path, item in description["paths"].items():
        for method in _METHODS:
            if method in item:
                shared = item.get("parameters", [])
                operation = item[method]
                yield path, method, {**operation, "parameters": [*shared, *operation.get("parameters", [])]}


def _operation(path: str, method: str, operation: Mapping[str, Any]) -> Iterator[str]:
    yield f'<article id="{escape(operation["operationId"])}">'
    yield f"<h2><code>{method.upper()} {escape(path)}</code></h2>"
    yield f"<p>{escape(operation['summary'])}. {escape(operation['description'])}</p>"
    if operation["parameters"]:
        yield "<table><tr><th>Parameter</th><th>In</th><th>Meaning</th></tr>"
        for each in operation["parameters"]:
            meaning = escape(each.get("description", "The id."))
            yield f"<tr><td><code>{escape(each['name'])}</code></td><td>{each['in']}</td><td>{meaning}</td></tr>"
        yield "</table>"
    if "requestBody" in operation:
        yield from _content("Body", operation["requestBody"])
    for status, answer in operation["responses"].items():
        if "content" in answer:
            yield from _content(f"Answer {status}: {answer['description']}", answer)
    errors = ", ".join(f"<code>{escape(status)}</code>" for status in operation["responses"] if status >= "400")
    yield f"<p>Errors: {errors}</p></article>"


def _content(title: str, body: Mapping[str, Any]) -> Iterator[str]:
    media_types = body["content"]
    media_type, content = next(iter(media_types.items()))
    name = content["schema"].get("$ref", "").rpartition("/")[2]
    shape = f' (<a href="#{escape(name)}">{escape(name)}</a>)' if name else ""
    yield f"<h3>{escape(title)}</h3><p><code>{escape(media_type)}</code>{shape}</p>"
    yield _pre(content["example"])


def _pre(value: Any) -> str:
    return f"<pre>{escape(json.dumps(value, indent=2, ensure_ascii=False))}</pre>"
