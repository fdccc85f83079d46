"""What was typed, kept as it was, and what is wrong with it."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authz_server.documents import values
from authz_server.documents.errors import Code, Path, Problem
from authz_server.managing.errors import IdempotencyKeyReused, NameTaken, TooManyProfiles, ValidationFailed
from authz_server.web.pages import forms
from authz_server.web.pages.forms import Form

TEXT = st.text(st.characters(codec="utf-8"))


def refused(form: Form, *problems: tuple[Path, str]) -> forms.Filled:
    """The form as the page shows it again."""
    refusal = ValidationFailed(tuple(Problem(path, Code.INVALID, sentence) for path, sentence in problems))
    return forms.refused(form, refusal, ["name", "allowed_ips", "auth.issuer"], {"auth.iss": "auth.issuer"})


@given(st.dictionaries(TEXT, TEXT))
def test_what_a_browser_sends_is_read_as_it_was_typed(fields: dict[str, str]) -> None:
    read = Form.parse(urlencode(fields).encode("ascii"))
    assert read.values == {name: value.replace("\r\n", "\n") for name, value in fields.items()}


@given(st.binary())
def test_any_bytes_are_a_form_or_malformed_and_nothing_else(body: bytes) -> None:
    try:
        form = Form.parse(body)
    except forms.MalformedForm:
        return
    assert all(isinstance(value, str) for value in form.values.values())


@pytest.mark.parametrize("body", [b"name", b"a=%ff", "name=ä".encode(), b"&".join(b"a=1" for _ in range(1_001))])
def test_what_no_browser_sends_is_malformed(body: bytes) -> None:
    with pytest.raises(forms.MalformedForm):
        Form.parse(body)


def test_a_field_that_comes_twice_counts_the_first_time() -> None:
    assert Form.parse(b"name=a&name=b").text("name") == "a"


def test_a_password_keeps_its_spaces_and_a_text_does_not() -> None:
    form = Form({"name": " ada ", "password": " secret "})
    assert (form.text("name"), form.exact("password")) == ("ada", " secret ")


def test_a_list_has_an_item_for_each_line_that_is_not_empty() -> None:
    form = Form({"allowed_ips": "10.0.0.0/8\n\n  192.0.2.1 \n"})
    assert form.items("allowed_ips") == ["10.0.0.0/8", "192.0.2.1"]
    assert [line.number for line in form.lines("allowed_ips")] == [1, 3]
    assert form.items("allowed_routes") == []


def test_a_problem_with_an_item_names_its_line() -> None:
    form = Form({"allowed_ips": "10.0.0.0/8\n\nnonsense"})
    filled = refused(form, (("allowed_ips", 1), "is no address"))
    assert filled.wrong("allowed_ips") == ("Line 3: is no address.",)
    assert filled.value("allowed_ips") == form.values["allowed_ips"]


def test_a_problem_with_the_only_item_names_no_line() -> None:
    filled = refused(Form({"allowed_ips": "nonsense"}), (("allowed_ips", 0), "is no address"))
    assert filled.wrong("allowed_ips") == ("Is no address.",)


def test_of_very_many_mistakes_in_one_field_the_first_are_told() -> None:
    form = Form({"allowed_ips": "nonsense\n" * 200_000})
    filled = refused(form, *((("allowed_ips", number), "is no address") for number in range(200_000)))
    said = filled.wrong("allowed_ips")
    assert (len(said), said[0], said[-1]) == (11, "Line 1: is no address.", "And 199,990 more.")


def test_the_first_field_of_the_page_that_is_wrong_gets_the_focus_whatever_was_found_first() -> None:
    filled = refused(Form(), (("auth", "issuer"), "is empty"), (("name",), "is empty"))
    assert filled.first_wrong == "name"


def test_what_might_be_a_secret_is_not_repeated_as_a_name() -> None:
    filled = refused(Form(), (("name", "azt_" + "a" * 49), "is no name"))
    assert filled.wrong("name") == ('"********": is no name.',)


@pytest.mark.parametrize("typed", ["GET, POST", "GET POST", " GET ,\tPOST, ", "GET,POST"])
def test_names_stand_beside_one_another_with_commas_or_spaces(typed: str) -> None:
    assert Form({"allowed_methods": typed}).names("allowed_methods") == ["GET", "POST"]


def test_a_number_is_read_and_nothing_is_none() -> None:
    assert Form({"hours": " 24 "}).number("hours") == 24
    assert Form({"hours": " "}).number("hours") is None
    assert Form().number("hours") is None


@pytest.mark.parametrize("typed", ["soon", "-1", "1.5", "1e3", "٢٤", "1" * 16, "2,160"])
def test_what_is_no_number_is_refused_by_whoever_reads_it(typed: str) -> None:
    given = Form({"hours": typed}).number("hours")
    with pytest.raises(ValueError, match="is not a whole number"):
        values.integer(0, 10)(given)


def test_pairs_are_lines_with_an_equals_sign() -> None:
    form = Form({"labels": " plan = gold \n\nnote=a=b\nempty="})
    assert form.mapping("labels") == {"plan": "gold", "note": "a=b", "empty": ""}
    assert forms.written_pairs(form.mapping("labels").items()) == "plan=gold\nnote=a=b\nempty="  # type: ignore[arg-type]  # all are text


@pytest.mark.parametrize(("typed", "name", "why"), [("plan", "plan", "has no ="), ("a=1\na=1", "a", "is there twice")])
def test_a_line_that_is_no_pair_or_comes_twice_is_refused_by_whoever_reads_it(typed: str, name: str, why: str) -> None:
    given = Form({"labels": typed}).mapping("labels")
    with pytest.raises(ValueError, match=why):
        values.string(given[name])


def test_what_is_needed_and_not_typed_is_refused_by_whoever_reads_it() -> None:
    assert Form({"name": " x "}).needed("name") == "x"
    with pytest.raises(ValueError, match="is missing"):
        values.name(Form({"name": "  "}).needed("name"))


def test_a_problem_is_said_at_the_nearest_field_that_the_page_shows() -> None:
    filled = refused(Form(), (("auth", "iss"), "is no URL"), (("auth", "issuer", "host"), "is empty"))
    assert filled.wrong("auth.issuer") == ("Is no URL.", '"host": is empty.')
    assert filled.first_wrong == "auth.issuer"


def test_a_problem_without_a_field_is_said_of_the_whole_form() -> None:
    filled = refused(Form(), (("labels", "tier"), "is too long"))
    assert filled.general == ('"labels.tier": is too long.',)
    assert filled.first_wrong == ""


def test_a_name_that_is_taken_is_the_names_fault_and_a_full_client_is_no_fields() -> None:
    assert forms.refused(Form(), NameTaken(), ["name"]).wrong("name")[0].startswith("This name is taken")
    assert forms.refused(Form(), TooManyProfiles(), ["name"]).general == ("A client holds at most 1,000 profiles.",)


def test_the_same_form_has_the_same_request_and_another_one_has_not() -> None:
    form = Form({"form_key": "abc", "name": "x"})
    first = form.idempotency("POST", "/clients/new")
    assert first == form.idempotency("POST", "/clients/new")
    assert first is not None
    others = [
        form.idempotency("POST", "/clients/other"),
        Form({"form_key": "abc", "name": "y"}).idempotency("POST", "/clients/new"),
    ]
    assert all(each is not None and each.key == first.key and each.request != first.request for each in others)


def test_a_form_sent_again_with_other_values_is_told_so_in_words_for_people() -> None:
    (sentence,) = forms.refused(Form(), IdempotencyKeyReused(), ["name"]).general
    assert sentence.startswith("This form was sent before, with other values")
    assert "Idempotency-Key" not in sentence


def test_what_somebody_else_has_is_a_conflict_and_what_is_wrong_in_itself_is_not() -> None:
    assert (forms.status(NameTaken()), forms.status(ValidationFailed(()))) == (409, 422)


@pytest.mark.parametrize("key", ["", "with space", "x" * 65, "a:b", "n\u00e9"])
def test_a_key_that_we_did_not_make_is_none(key: str) -> None:
    assert Form({"form_key": key}).idempotency("POST", "/") is None
