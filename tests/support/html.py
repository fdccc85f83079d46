"""HTML, read as far as tests ask for it: what a page shows, and what its forms hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final

_VOID: Final = frozenset(("input", "link", "meta", "br", "hr", "img"))
_UNSEEN: Final = frozenset(("script", "style", "title"))
_BLOCKS: Final = frozenset(
    ("p", "div", "li", "td", "th", "tr", "h1", "h2", "h3", "dt", "dd", "section", "label", "button")
)


@dataclass(slots=True)
class Shown:
    """A page. `fields` has the value of each field of its main part, by name; a box that is not ticked is not there."""

    title: str
    text: str
    fields: dict[str, str] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)  # where it leads to, by its words
    elements: list[tuple[str, dict[str, str]]] = field(default_factory=list)


def read(html: str) -> Shown:
    """What a page shows."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return Shown(
        title="".join(reader.title),
        text=" ".join("".join(reader.text).split()),
        fields=reader.fields,
        links=reader.links,
        elements=reader.elements,
    )


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.title: list[str] = []
        self.text: list[str] = []
        self.fields: dict[str, str] = {}
        self.links: dict[str, str] = {}
        self.elements: list[tuple[str, dict[str, str]]] = []
        self._open: list[str] = []
        self._link: tuple[str, list[str]] | None = None
        self._select = self._area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.elements.append((tag, attributes))
        if tag not in _VOID:
            self._open.append(tag)
        if tag in _BLOCKS:
            self.text.append(" ")
        if tag == "a" and "href" in attributes:
            self._link = (attributes["href"], [])
        elif "main" in self._open:
            self._field(tag, attributes)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert tag in self._open, f"{tag} ends, but has not begun"
        while self._open.pop() != tag:
            pass
        if tag in _BLOCKS:
            self.text.append(" ")
        if tag == "a" and self._link is not None:
            self.links["".join(self._link[1]).strip()] = self._link[0]
            self._link = None
        if tag == "textarea":
            self.fields[self._area] = self.fields[self._area].removeprefix("\n")

    def handle_data(self, data: str) -> None:
        if "title" in self._open and "svg" not in self._open:
            self.title.append(data)
        if not _UNSEEN & set(self._open):
            self.text.append(data)
        if self._link is not None:
            self._link[1].append(data)
        if self._open[-1:] == ["textarea"]:
            self.fields[self._area] += data

    def _field(self, tag: str, attributes: dict[str, str]) -> None:
        name = attributes.get("name", "")
        if tag == "input" and name:
            is_box = attributes.get("type") in {"checkbox", "radio"}
            if not is_box or "checked" in attributes:
                self.fields.setdefault(name, attributes.get("value", ""))
        elif tag == "textarea":
            self._area = name
            self.fields[name] = ""
        elif tag == "select":
            self._select = name
        elif tag == "option" and ("selected" in attributes or self._select not in self.fields):
            self.fields[self._select] = attributes.get("value", "")
