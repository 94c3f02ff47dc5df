"""Values: events, views and calls can be taken apart, compared, kept and shown, and mirror the engine field by field."""

from __future__ import annotations

import copy
import dataclasses
import html.parser
import json
import pickle
import re
import xml.etree.ElementTree as ElementTree
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Iterator

import pytest
from conftest import ROOT, VECTORS, session_name, sessions

import callfold
from callfold import LineState, PersonName, PhoneNumber, _names, events, model, words

ENGINE = ROOT / "core" / "engine" / "src"
HOSTILE = """<script>alert("x")</script> & 'y' ]]> <svg onload=z>"""


def snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


# ---- every class mirrors the engine ----


def body_after(text: str, at: int) -> str:
    """What stands between the brace at or after a place and the one that closes it."""
    start = text.index("{", at)
    depth = 0
    for place in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[place], 0)
        if depth == 0:
            return text[start + 1 : place]
    raise AssertionError("a brace is not closed")


def bare(source: str) -> str:
    """Rust without comments and attributes."""
    return re.sub(r"^\s*#!?\[.*?\]\s*$", "", re.sub(r"//.*", "", source), flags=re.MULTILINE)


RUST = {path: bare(path.read_text(encoding="utf-8")) for path in sorted(ENGINE.rglob("*.rs"))}


def declared(kind: str, name: str) -> str:
    found = [
        body_after(text, match.end() - 1)
        for text in RUST.values()
        for match in re.finditer(rf"\bpub {kind} {name} \{{", text)
    ]
    assert len(found) == 1, f"{kind} {name} is declared {len(found)} times"
    return found[0]


def top_level(body: str) -> list[str]:
    """The parts of a body between commas that are not within brackets of any kind."""
    parts, depth, part = [], 0, ""
    for letter in body:
        depth += {"{": 1, "(": 1, "<": 1, "[": 1, "}": -1, ")": -1, ">": -1, "]": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            parts.append(part.strip())
            part = ""
        else:
            part += letter
    return [one for one in [*parts, part.strip()] if one]


def fields_in(body: str) -> list[str]:
    names = []
    for part in top_level(body):
        found = re.match(r"(?:pub(?:\([\w\s]+\))?\s+)?(\w+)\s*:", part)
        assert found, part
        names.append({"from": "from_", "with": "with_"}.get(found.group(1), found.group(1)))
    return names


def variants(name: str) -> dict[str, str]:
    """The variants of an enumeration, each with what is in it."""
    found = {}
    for part in top_level(declared("enum", name)):
        head = re.match(r"(\w+)\s*(.*)", part, re.DOTALL)
        assert head, part
        found[head.group(1)] = re.sub(r"^= \d+$", "", head.group(2).strip())
    return found


def fields_of(cls: type) -> list[str]:
    return [field.name for field in dataclasses.fields(cls)]  # type: ignore[arg-type]


def test_there_is_a_class_for_every_event_with_its_fields_in_order() -> None:
    engine = {
        name: fields_in(body_after(inner, 0)) if inner else [] for name, inner in variants("Event").items()
    }
    python = {cls.__name__: list(cls.__match_args__) for cls in events.Event.__subclasses__()}
    assert python == engine
    assert list(python) == list(engine), "in the engine's order"
    for cls in events.Event.__subclasses__():
        assert list(cls.__annotations__) == list(cls.__match_args__) or not cls.__match_args__


@pytest.mark.parametrize("cls", _names._STRUCTS, ids=lambda cls: cls.__name__)
def test_a_class_has_the_fields_of_its_struct_in_order(cls: type) -> None:
    engine = fields_in(declared("struct", cls.__name__))
    python = fields_of(cls)
    assert python[: len(engine)] == engine
    # What Python has beyond it has a default.
    more = dataclasses.fields(cls)[len(engine) :]  # type: ignore[arg-type]
    assert all(field.default is not dataclasses.MISSING for field in more)


def test_every_struct_that_is_told_has_a_class() -> None:
    # Of these files all that can be told is told; what is not told is a part of something else, or stays with the engine.
    files = ["party.rs", "view.rs", "calls/call.rs", "calls/commands.rs", "cti.rs", "directory.rs"]
    others = {"Parties", "NumberPlan", "DirectoryPool", "Directory", "CallId", "Features"}
    told = {cls.__name__ for cls in _names._STRUCTS}
    for file in files:
        there = set(re.findall(r"^pub struct (\w+)", RUST[ENGINE / file], re.MULTILINE))
        assert there - told - others == set(), file


ENUMS = [
    "Connection", "LineState", "Answering", "WebStatus", "AgentState", "Direction", "Outcome", "EndedBy", "SpellKind",
    "HoldReason", "HoldEnd", "LinkKind", "GivenBy", "TransferKind", "IrregularityKind", "TimeKind", "RequestFate", "Change", "Bound", "NativeName",
    "Misuse", "PhoneEvent", "UnreadableReason", "RefusedPart", "CallState", "CtiErrorKind", "CtiErrorSource",
]


def test_every_word_is_compared() -> None:
    # What audits say is compared where they are tried.
    assert {cls.__name__ for cls in words.Word.__subclasses__()} == {*ENUMS, "CommandName", "OddityKind", "Side"}


@pytest.mark.parametrize("name", ENUMS)
def test_an_enumeration_has_the_words_of_the_engine(name: str) -> None:
    engine = [snake(variant).upper() for variant, inner in variants(name).items() if not inner]
    assert [word.name for word in getattr(words, name)] == engine
    # A variant with something in it has a class of its own.
    for variant, inner in variants(name).items():
        assert not inner or f"{name}.{variant}" in _names.CLASSES


@pytest.mark.parametrize("name", ENUMS)
def test_a_word_is_the_text_that_the_engine_has_for_it(name: str) -> None:
    texts: dict[str, str] = {}
    for text in RUST.values():
        for block in re.finditer(rf"\bimpl {name} \{{", text):
            body = body_after(text, block.start())
            for function in re.finditer(r"fn (text|name|method)\(self\) -> &'static str \{", body):
                texts.update(re.findall(r'Self::(\w+) => "([^"]+)"', body_after(body, function.end() - 1)))
    for variant, text in texts.items():
        assert getattr(words, name)[snake(variant).upper()].value == text


def test_names_of_commands_are_those_of_the_engine() -> None:
    text = RUST[ENGINE / "command.rs"]
    block = text[text.index("\ncommand_names!(") :]
    engine = re.findall(r'^\s+(\w+) "([^"]+)",$', block, re.MULTILINE)
    assert [(word.name, word.value) for word in words.CommandName] == [(snake(name).upper(), text) for name, text in engine]


@pytest.mark.parametrize("name", ["ErrorCode", "DisconnectReason"])
def test_codes_are_those_of_the_engine(name: str) -> None:
    text = RUST[ENGINE / "codes.rs"]
    block = body_after(text, re.search(rf"^\s*{name} \{{", text, re.MULTILINE).start())  # type: ignore[union-attr]
    engine = [(int(number), snake(variant).upper(), told) for number, variant, told in re.findall(r'(\d+) (\w+) "([^"]*)"', block)]
    python = [(int(code), code.name, code.text) for code in getattr(words, name)]
    assert [one[:2] for one in python] == [one[:2] for one in engine]
    assert [one[2].strip() for one in python] == [one[2].strip() for one in engine]


@pytest.mark.parametrize("name", ["CommandResult", "ProviderEvent"])
def test_a_choice_has_a_class_for_each_variant(name: str) -> None:
    engine = {variant: fields_in(body_after(inner, 0)) if inner else [] for variant, inner in variants(name).items()}
    prefix = f"{name}."
    python = {key[len(prefix) :]: fields_of(cls) for key, cls in _names.CLASSES.items() if key.startswith(prefix)}
    assert python == engine


def test_a_held_conference_has_the_fields_of_the_engine() -> None:
    assert fields_of(model.HeldConference) == fields_in(body_after(variants("Held")["Conference"], 0))


# ---- every value of every session ----


def values(value: Any) -> Iterator[Any]:
    """A value and all that is in it."""
    yield value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            if not field.name.startswith("_"):
                yield from values(getattr(value, field.name))
    elif isinstance(value, (tuple, list)):
        for one in value:
            yield from values(one)
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from values(key)
            yield from values(one)


@pytest.mark.parametrize("path", sessions(), ids=session_name)
def test_every_event_survives_pickle_and_copy(path: Path) -> None:
    with callfold.open(path) as log:
        told = [event for record in log.records() for event in record.events]
    assert told
    for event in told:
        for again in (pickle.loads(pickle.dumps(event)), copy.copy(event), copy.deepcopy(event)):
            assert type(again) is type(event)
            assert again == event and hash(again) == hash(event)
            assert again.to_json() == event.to_json()
            assert (again.at, again.seq, again.turn) == (event.at, event.seq, event.turn)
            assert all(getattr(again, name) == getattr(event, name) for name in event.__match_args__)


@pytest.mark.parametrize("path", sessions(), ids=session_name)
def test_views_and_calls_survive_pickle_and_copy_and_are_told_by_repr_without_names(path: Path) -> None:
    with callfold.open(path) as log:
        things: list[Any] = [log.at(seq) for seq in range(1, log.streams[0].records + 1, 7)]
        things += [call for id in set(log.calls().to_arrow()["call"].to_pylist()) for call in log.find(id)]
    for thing in things:
        for again in (pickle.loads(pickle.dumps(thing)), copy.copy(thing), copy.deepcopy(thing)):
            assert again == thing
            assert repr(again) == repr(thing)
        private = {str(one) for one in values(thing) if isinstance(one, (PhoneNumber, PersonName)) and len(one) > 4}
        assert not [one for one in private if one in repr(thing)]


@pytest.mark.parametrize("path", sessions(), ids=session_name)
def test_events_show_no_number_and_no_name(path: Path) -> None:
    with callfold.open(path) as log:
        for record in log.records():
            for event in record.events:
                shown = repr(event)
                assert shown.startswith(f"{type(event).__name__}(")
                assert "79161234567" not in shown and "Иванов" not in shown and "Secret1" not in shown


def test_values_are_hashed_as_they_are_equal(whole: callfold.Log) -> None:
    seen = 0
    for stream in whole.streams[::10]:
        view = whole.at(stream.records, stream)
        again = pickle.loads(pickle.dumps(view))
        for one, other in zip(values(view), values(again)):
            if dataclasses.is_dataclass(one):
                assert one == other
                assert hash(one) == hash(other), type(one)
                seen += 1
    assert seen > 0


def test_a_call_can_be_in_a_set(whole: callfold.Log) -> None:
    row = whole.calls(stream="hold-and-back").to_arrow().to_pylist()[0]
    one, other = whole.call(row["call"], "hold-and-back"), whole.call(row["call"], "hold-and-back")
    assert {one, other} == {one}


def test_nothing_in_a_value_can_be_changed(whole: callfold.Log) -> None:
    row = whole.calls(stream="hold-and-back").to_arrow().to_pylist()[0]
    call, view = whole.call(row["call"], "hold-and-back"), whole.at(100, "hold-and-back")
    for thing in (call, view, call.began, view.agent, call.other):
        for field in dataclasses.fields(thing):
            with pytest.raises(AttributeError):
                setattr(thing, field.name, None)
    with pytest.raises(TypeError):
        call.time[callfold.TimeKind.TALK] = timedelta()
    event = next(whole.records("hold-and-back")).events[0]
    for name in [*event.__match_args__, "at", "seq", "more"]:
        with pytest.raises(AttributeError):
            setattr(event, name, None)


def test_events_of_other_moments_are_others(whole: callfold.Log) -> None:
    changed = [e for r in whole.records("hold-and-back") for e in r.events if isinstance(e, events.LineChanged)]
    assert len(set(changed)) == len(changed)
    assert changed[0] != changed[1]
    assert changed[0] != "LineChanged"


def test_match_takes_events_apart(whole: callfold.Log) -> None:
    told = []
    for record in whole.records("hold-and-back"):
        for event in record.events:
            match event:
                case events.LineChanged(to=LineState.TALK, from_=before):
                    told.append(("talk", str(before)))
                case events.LineChanged(LineState.READY, LineState.TALK):
                    told.append(("over", "talk"))
                case events.HoldEntered(held=model.Party(number=str(number))):
                    told.append(("held", "somebody" if number else "nobody"))
    assert ("talk", "ring") in told
    assert ("held", "somebody") in told


def test_an_event_has_no_field_of_another_spelling(whole: callfold.Log) -> None:
    changed = next(e for r in whole.records("ivr") for e in r.events if isinstance(e, events.LineChanged))
    for name in ("nothing", "to_", "parties"):
        with pytest.raises(AttributeError, match=name):
            getattr(changed, name)


# ---- words, codes, hidden text ----


def test_a_word_is_its_text() -> None:
    for cls in words.Word.__subclasses__():
        for word in cls:
            assert word == word.value and hash(word) == hash(word.value)
            assert str(word) == f"{word}" == word.value
            assert f"{word:>60}" == word.value.rjust(60)
            assert repr(word) == f"{cls.__name__}.{word.name}"
            assert cls(word.value) is word
            assert pickle.loads(pickle.dumps(word)) is word
            assert copy.deepcopy(word) is word
            assert json.dumps(word) == json.dumps(word.value)


def test_a_code_is_its_number_and_has_a_text() -> None:
    for cls in (words.ErrorCode, words.DisconnectReason):
        for code in cls:
            assert code == int(code) and cls(int(code)) is code
            assert str(code) == f"{int(code)} {code.text}"
            assert repr(code) == f"{cls.__name__}.{code.name}"
            assert pickle.loads(pickle.dumps(code)) is code


@pytest.mark.parametrize("cls", [PhoneNumber, PersonName, callfold.Json])
def test_hidden_text_is_text_whose_repr_hides_it(cls: type[str]) -> None:
    text = cls("+79161234567")
    assert text == "+79161234567" and hash(text) == hash("+79161234567")
    assert repr(text) == f"{cls.__name__}(12 characters)"
    assert f"{text}" == str(text) == "+79161234567"
    assert "7916" not in f"{[text]} {text!r} {(text,)} {({text: text})}"
    for again in (pickle.loads(pickle.dumps(text)), copy.copy(text), copy.deepcopy(text)):
        assert type(again) is cls and again == text


def test_json_is_loaded() -> None:
    assert callfold.Json('{"a": [1, null, "é"]}').load() == {"a": [1, None, "é"]}


# ---- pictures ----


class Strict(html.parser.HTMLParser):
    """Reads HTML, and keeps what is open."""

    VOID = {"meta", "br", "hr", "img", "link", "input"}

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.marks: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.marks.update(name for name, _ in attrs)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open.pop() == tag


def parsed(text: str) -> Strict:
    reader = Strict()
    reader.feed(text)
    reader.close()
    assert reader.open == [], "every tag is closed"
    assert "script" not in reader.tags
    assert not [mark for mark in reader.marks if mark.startswith("on")]
    return reader


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[callfold.Log]:
    """A session in which everybody has a name that would be code where it is not escaped."""
    source = (VECTORS / "named" / "hold-and-back.jsonl").read_text(encoding="utf-8")
    quoted = json.dumps(HOSTILE)[1:-1]
    assert "ООО Ромашка" in source and "Иванов Иван" in source
    place = tmp_path_factory.mktemp("hostile") / "hostile.jsonl"
    place.write_text(source.replace("ООО Ромашка", quoted).replace("Иванов Иван", quoted), encoding="utf-8")
    with callfold.in_memory() as log:
        log.import_traces(place, name="<b>&stream")
        yield log


@pytest.fixture(params=["plain", "hostile"])
def shown(request: pytest.FixtureRequest, whole: callfold.Log, hostile: callfold.Log) -> tuple[callfold.Log, str]:
    return (whole, "hold-and-back") if request.param == "plain" else (hostile, "<b>&stream")


def test_pictures_of_a_call_are_xml_and_html(shown: tuple[callfold.Log, str]) -> None:
    log, stream = shown
    for id in log.calls(stream=stream).to_arrow()["call"].to_pylist():
        call = log.call(id, stream)
        line = call.timeline(utc_offset=timedelta(hours=3))
        for svg in (call._repr_svg_(), line.svg(), line.ladder_svg(), line._repr_svg_()):
            root = ElementTree.fromstring(svg)
            assert root.tag == "{http://www.w3.org/2000/svg}svg"
            assert not root.findall(".//{http://www.w3.org/2000/svg}script")
        for page in (call._repr_html_(), line._repr_html_(), line.html()):
            assert "svg" in parsed(page).tags
        assert line.text() == str(line) and line.ladder()
        assert repr(line) == "<Timeline: print it, or show it in a notebook>"


def test_a_view_is_a_table_for_a_notebook(shown: tuple[callfold.Log, str]) -> None:
    log, stream = shown
    for seq in range(1, log.stream(stream).records + 1, 9):
        page = log.at(seq, stream)._repr_html_()
        assert parsed(page).tags == {"table", "tr", "th", "td"}
        assert ElementTree.fromstring(page).tag == "table"


def test_a_report_is_a_table_for_a_notebook(shown: tuple[callfold.Log, str]) -> None:
    log, stream = shown
    head = callfold.Head("<i>gone", "0" * 64, 1, "0" * 64)
    page = log.verify(stream=stream, heads=[*log.head(), head])._repr_html_()
    assert ElementTree.fromstring(page).tag == "table"
    assert "not there" in page and "&lt;i&gt;gone" in page


def test_tables_escape_what_stands_in_their_cells(hostile: callfold.Log) -> None:
    for table in (hostile.calls(), hostile.events(), hostile.time(("stream", "agent"))):
        page = table._repr_html_()
        assert "<script" not in page and "<svg" not in page and "<b>" not in page


def test_what_was_made_by_hand_has_no_picture(whole: callfold.Log) -> None:
    view = dataclasses.replace(whole.at(1, "ivr"), _seen=None)
    assert view.actions("102") == []
    with pytest.raises(ValueError):
        view.state_json(datetime.now(timezone.utc))


def test_actions_are_told_by_the_view(whole: callfold.Log) -> None:
    told = {action for seq in range(1, 130, 3) for action in whole.at(seq, "hold-and-back").actions("102")}
    assert "call" in told


def test_a_directory_is_read_as_it_was_told(whole: callfold.Log) -> None:
    directory = whole.at(whole.stream("hold-and-back").records, "hold-and-back").directory
    assert directory.reasons[1] == "Обед"
    assert all(directory.number_state(number) == state for number, state in directory.numbers.items())
    assert all(directory.user(id) == user for id, user in directory.users.items())
    assert directory.user("nobody") is None and directory.number_state("nobody") is None
    assert pickle.loads(pickle.dumps(directory)) == directory
    assert re.fullmatch(r"<Directory: \d+ users, \d+ numbers, \d+ break reasons>", repr(directory))
