"""Every number, type, label, oneof and enum value of ours is Envoy's, and the comparison sees each one that is not."""

import pytest
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
)

from authz_server.wire import ext_authz_pb2
from tests.conformance.names import ENVOY_NAMES, envoy_name
from tests.conformance.oracle import Oracle
from tests.conformance.schema import Schema, differences, file_schema


def our_file() -> FileDescriptorProto:
    return FileDescriptorProto.FromString(ext_authz_pb2.DESCRIPTOR.serialized_pb)


OURS = file_schema(our_file(), envoy_name)


@pytest.fixture(scope="module")
def theirs(oracle: Oracle) -> Schema:
    """What an oracle says of everything that ours has."""
    schema: Schema = oracle.ask(
        "schema", messages=list(OURS["messages"]), enums=list(OURS["enums"]), methods=list(OURS["methods"])
    )
    return schema


def messages_of(file: FileDescriptorProto) -> list[DescriptorProto]:
    outer = list(file.message_type)
    return outer + [nested for message in outer for nested in message.nested_type if not nested.options.map_entry]


def fields_of(file: FileDescriptorProto) -> list[FieldDescriptorProto]:
    return [field for message in messages_of(file) for field in message.field]


def enums_of(file: FileDescriptorProto) -> list[EnumDescriptorProto]:
    return list(file.enum_type) + [enum for message in messages_of(file) for enum in message.enum_type]


def test_every_name_of_ours_has_a_name_of_envoys_and_no_other_is_listed() -> None:
    unrenamed = file_schema(our_file(), str)
    assert {*unrenamed["messages"], *unrenamed["enums"]} == set(ENVOY_NAMES)


def test_our_schema_agrees_with_the_oracle(theirs: Schema) -> None:
    assert differences(OURS, theirs) == []


def test_the_check_method_has_envoys_path() -> None:
    assert list(OURS["methods"]) == ["/envoy.service.auth.v3.Authorization/Check"]


def assert_each_mutation_is_seen(mutants: list[tuple[str, FileDescriptorProto]], theirs: Schema) -> None:
    assert mutants
    assert [what for what, mutant in mutants if not differences(file_schema(mutant, envoy_name), theirs)] == []


def mutants_of_fields(change: str) -> list[tuple[str, FileDescriptorProto]]:
    """One copy of our file for each field that can be changed so."""
    mutants = []
    for position in range(len(fields_of(our_file()))):
        mutant = our_file()
        field = fields_of(mutant)[position]
        before = field.SerializeToString()
        CHANGES[change](field)
        if field.SerializeToString() != before:
            mutants.append((field.name, mutant))
    return mutants


def other_number(field: FieldDescriptorProto) -> None:
    field.number += 1


def other_name(field: FieldDescriptorProto) -> None:
    field.name += "_"


def other_type(field: FieldDescriptorProto) -> None:
    """Nearest of kin, so that most bytes still parse: string and bytes, signed and unsigned, message and message."""
    kin = {
        FieldDescriptorProto.TYPE_STRING: FieldDescriptorProto.TYPE_BYTES,
        FieldDescriptorProto.TYPE_BYTES: FieldDescriptorProto.TYPE_STRING,
        FieldDescriptorProto.TYPE_INT32: FieldDescriptorProto.TYPE_INT64,
        FieldDescriptorProto.TYPE_INT64: FieldDescriptorProto.TYPE_UINT64,
        FieldDescriptorProto.TYPE_UINT32: FieldDescriptorProto.TYPE_INT32,
    }
    if field.type in kin:
        field.type = kin[field.type]
    elif field.type == FieldDescriptorProto.TYPE_MESSAGE:
        field.type_name = (
            ".envoy.service.auth.v3.Pipe"
            if not field.type_name.endswith(".Pipe")
            else ".envoy.service.auth.v3.HeaderMap"
        )
    else:
        field.type, field.type_name = FieldDescriptorProto.TYPE_INT32, ""


def other_label(field: FieldDescriptorProto) -> None:
    is_repeated = field.label == FieldDescriptorProto.LABEL_REPEATED
    field.label = FieldDescriptorProto.LABEL_OPTIONAL if is_repeated else FieldDescriptorProto.LABEL_REPEATED


def out_of_its_oneof(field: FieldDescriptorProto) -> None:
    field.ClearField("oneof_index")


CHANGES = {change.__name__: change for change in (other_number, other_name, other_type, other_label, out_of_its_oneof)}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_field_is_seen_whichever_it_is(change: str, theirs: Schema) -> None:
    assert_each_mutation_is_seen(mutants_of_fields(change), theirs)


def test_a_changed_map_is_seen(theirs: Schema) -> None:
    mutants = []
    for part in (0, 1):
        mutant = our_file()
        http = next(message for message in messages_of(mutant) if message.name == "HttpRequest")
        http.nested_type[0].field[part].type = FieldDescriptorProto.TYPE_BYTES
        mutants.append((f"part {part} of headers", mutant))
    assert_each_mutation_is_seen(mutants, theirs)


def test_a_changed_enum_number_is_seen_whichever_it_is(theirs: Schema) -> None:
    mutants = []
    for enum_position, enum in enumerate(enums_of(our_file())):
        for position, value in enumerate(enum.value):
            mutant = our_file()
            enums_of(mutant)[enum_position].value[position].number += 7
            mutants.append((value.name, mutant))
    assert_each_mutation_is_seen(mutants, theirs)


def test_a_changed_method_is_seen(theirs: Schema) -> None:
    renamed, streaming, other_answer = our_file(), our_file(), our_file()
    renamed.service[0].method[0].name = "Checks"
    streaming.service[0].method[0].server_streaming = True
    other_answer.service[0].method[0].output_type = ".envoy.service.auth.v3.CheckRequest"
    assert_each_mutation_is_seen([("name", renamed), ("streaming", streaming), ("answer", other_answer)], theirs)
