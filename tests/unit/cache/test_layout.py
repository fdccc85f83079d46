import pytest

from authz_server.cache.layout import Layout, Meta, MetaField

GOOD: dict[str, bytes | None] = {
    MetaField.SCHEMA: b"1",
    MetaField.EPOCH: b"e",
    MetaField.SEQUENCE: b"7",
    MetaField.COUNT: b"3",
    MetaField.DELETED: b"2",
    MetaField.WRITER: b"publish:file",
    MetaField.SIGNED: b"1",
}


def test_all_keys_have_the_same_hash_tag() -> None:
    layout = Layout("authz")
    assert layout.profiles("e") == "{authz}:profiles:e"
    assert (layout.log, layout.meta, layout.tombstones) == ("{authz}:log", "{authz}:meta", "{authz}:tombstones")


@pytest.mark.parametrize("prefix", ["", "{a}", "a b", "a" * 65, "a\n", "ä"])
def test_a_prefix_that_would_break_the_hash_tag_is_refused(prefix: str) -> None:
    with pytest.raises(ValueError, match="the prefix has to be"):
        Layout(prefix)


def test_meta_is_read() -> None:
    assert Meta.read(GOOD) == Meta("e", 7, 3, 2, "publish:file", signed=True)


@pytest.mark.parametrize("field", [field for field in MetaField if field not in ("heartbeat", "signed", "writer")])
@pytest.mark.parametrize("value", [None, b"", b"\xff"])
def test_meta_that_lacks_something_or_is_of_another_schema_is_none(field: str, value: bytes | None) -> None:
    assert Meta.read({**GOOD, field: value}) is None


def test_meta_of_a_future_schema_is_none() -> None:
    assert Meta.read({**GOOD, MetaField.SCHEMA: b"2"}) is None


def test_nothing_is_no_meta() -> None:
    assert Meta.read({}) is None
