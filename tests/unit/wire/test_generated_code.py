"""The generated code is what `make proto` makes of the schema now."""

import importlib.resources
from pathlib import Path

import grpc_tools  # type: ignore[import-untyped]  # it ships no types
import pytest
from grpc_tools import protoc

import authz_server.wire

ROOT = Path(__file__).parents[3]
WIRE = Path(authz_server.wire.__file__).parent
SCHEMA = "authz_server/wire/ext_authz.proto"
GENERATED = ("ext_authz_pb2.py", "ext_authz_pb2.pyi")


def generate(schemas: Path, out: Path) -> Path:
    """The folder that the generated code of `schemas` lies in, below `out`."""
    google = importlib.resources.files(grpc_tools) / "_proto"
    assert (
        protoc.main(["protoc", f"-I{schemas}", f"-I{google}", f"--python_out={out}", f"--pyi_out={out}", SCHEMA]) == 0
    )
    return out / Path(SCHEMA).parent


@pytest.mark.parametrize("name", GENERATED)
def test_generated_code_is_not_stale(name: str, tmp_path: Path) -> None:
    assert (WIRE / name).read_bytes() == (generate(ROOT / "proto", tmp_path) / name).read_bytes(), "run `make proto`"


@pytest.mark.parametrize("name", GENERATED)
def test_a_schema_with_one_more_field_makes_the_code_stale(name: str, tmp_path: Path) -> None:
    schema = tmp_path / "proto" / SCHEMA
    schema.parent.mkdir(parents=True)
    text = (ROOT / "proto" / SCHEMA).read_text()
    schema.write_text(text.replace("message Pipe {", "message Pipe {\n  uint32 mode = 2;"))
    assert (WIRE / name).read_bytes() != (generate(tmp_path / "proto", tmp_path) / name).read_bytes()


def test_the_wire_package_holds_nothing_but_generated_code() -> None:
    assert {path.name for path in WIRE.iterdir() if path.is_file()} == {"__init__.py", *GENERATED}
