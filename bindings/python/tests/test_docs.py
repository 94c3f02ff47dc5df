"""The help texts: there is one for everything, and what they show is so."""

from __future__ import annotations

import doctest
import importlib
import inspect
import os
import pkgutil
import re
import subprocess
import sys
import typing
from pathlib import Path
from types import ModuleType
from typing import Any, Iterator

import pytest
from conftest import PYTHON, ROOT, sessions

import callfold
from callfold import _native, events, model, words

MODULES = sorted(
    module.name
    for module in pkgutil.iter_modules(callfold.__path__, "callfold.")
    if not module.name.endswith("._native")
)
PUBLIC = [name for name in MODULES if not name.split(".")[1].startswith("_")]
EXAMPLES = sorted((PYTHON / "examples").glob("*.py"))
READMES = [ROOT / "README.md", PYTHON / "README.md"]


def every_module() -> list[str]:
    return ["callfold", *MODULES]


@pytest.mark.parametrize("name", every_module())
def test_the_examples_of_a_module_are_so(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    module = importlib.import_module(name)
    failed, _ = doctest.testmod(module, optionflags=doctest.ELLIPSIS)
    assert failed == 0


def test_there_are_examples_in_the_help_texts() -> None:
    finder = doctest.DocTestFinder(exclude_empty=True)
    found = [test for name in every_module() for test in finder.find(importlib.import_module(name)) if test.examples]
    assert len(found) >= 8


def python_blocks(path: Path) -> list[tuple[int, str]]:
    """The Python examples of a text: line and source."""
    text = path.read_text(encoding="utf-8")
    return [
        (text[: found.start()].count("\n") + 2, found.group(1))
        for found in re.finditer(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    ]


BLOCKS = [(path, line, source) for path in READMES for line, source in python_blocks(path)]


def test_both_readmes_show_python() -> None:
    assert {path for path, _, _ in BLOCKS} == set(READMES)


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONWARNINGS": "error", "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )


@pytest.mark.parametrize(
    ("path", "line", "source"), BLOCKS, ids=[f"{path.relative_to(ROOT)}:{line}" for path, line, _ in BLOCKS]
)
def test_an_example_of_a_readme_runs(tmp_path: Path, path: Path, line: int, source: str) -> None:
    place = tmp_path / "example.py"
    place.write_text(source, encoding="utf-8")
    # As the README says: from the root of the repository.
    done = run(str(place), cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert not done.stderr


def test_there_are_examples() -> None:
    assert EXAMPLES


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_an_example_runs(tmp_path: Path, path: Path) -> None:
    callfold.import_traces(sessions(), tmp_path / "store")
    (tmp_path / "out").mkdir()
    done = run(str(path), str(tmp_path / "store"), "--out", str(tmp_path / "out"), cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert done.stdout


def mypy(*arguments: str, cwd: Path = PYTHON) -> None:
    done = run("-m", "mypy", *arguments, cwd=cwd)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_an_example_is_typed(path: Path) -> None:
    mypy("--strict", str(path))


def test_the_package_is_typed() -> None:
    mypy("--strict", "-p", "callfold")
    assert (Path(callfold.__file__).parent / "py.typed").is_file()


# What stubtest cannot see in types that stand in the source itself: members of enumerations with a text of their own, what
# `enum` makes of `__new__`, and names for several literals.
ALLOWED = r"""
callfold\.words\.\w+\.__new__
callfold\.words\.(ErrorCode|DisconnectReason)\.[A-Z_]+
callfold\.log\.TimeKey
"""


def test_stubs_are_of_what_is_there(tmp_path: Path) -> None:
    allowed = tmp_path / "allowed"
    allowed.write_text(ALLOWED)
    done = run(
        "-m", "mypy.stubtest", "callfold", "--allowlist", str(allowed), "--ignore-unused-allowlist", cwd=PYTHON
    )
    assert done.returncode == 0, done.stdout + done.stderr


# ---- a text for everything ----


def public_classes() -> list[type]:
    classes = [getattr(callfold, name) for name in callfold.__all__] + [
        cls for cls in vars(events).values() if inspect.isclass(cls) and issubclass(cls, _native.Event)
    ]
    return list(dict.fromkeys(cls for cls in classes if inspect.isclass(cls)))


def members(cls: type) -> Iterator[tuple[str, Any]]:
    """What a class itself has that is not private."""
    for name, member in vars(cls).items():
        if not name.startswith("_"):
            yield name, member


@pytest.mark.parametrize("name", ["callfold", *PUBLIC])
def test_a_module_says_what_it_is_for(name: str) -> None:
    assert importlib.import_module(name).__doc__


def test_everything_public_has_a_text() -> None:
    bare = []
    for name in callfold.__all__:
        thing = getattr(callfold, name)
        # A union of types has no room for a text: it stands behind it in the source.
        if typing.get_origin(thing) is typing.Union:
            continue
        if isinstance(thing, ModuleType) or name == "__version__" or not (inspect.isclass(thing) or callable(thing)):
            continue
        if not inspect.getdoc(thing):
            bare.append(name)
    for cls in public_classes():
        if not cls.__doc__ or cls.__doc__.startswith(f"{cls.__name__}("):
            bare.append(cls.__name__)
        for name, member in members(cls):
            of = member.__func__ if isinstance(member, (staticmethod, classmethod)) else member
            if inspect.isfunction(of) or isinstance(of, property) or inspect.ismethoddescriptor(of):
                if not inspect.getdoc(of):
                    bare.append(f"{cls.__name__}.{name}")
    assert bare == []


@pytest.mark.parametrize("module", [events, model, words, *map(importlib.import_module, PUBLIC)], ids=lambda one: one.__name__)
def test_every_attribute_has_a_text_behind_it(module: ModuleType) -> None:
    """Python keeps no text of a field, so that the source is read: a field stands in a class with its text after it."""
    source = inspect.getsource(module)
    bare = []
    for block in re.findall(r"^class .*\n(?:(?:[ ].*)?\n)*", source, flags=re.MULTILINE):
        name = re.match(r"class (\w+)(?:\((\w+)\))?", block)
        assert name
        # A word says itself what it means, and a code has its text.
        if name.group(1).startswith("_") or name.group(2) in ("Word", "Code"):
            continue
        for found in re.finditer(r"^    ([A-Za-z]\w*)(?:: [^\n]+| = [^\n]+)\n(?!    \"\"\")", block, re.MULTILINE):
            bare.append(f"{name.group(1)}.{found.group(1)}")
    assert bare == []


def test_commands_say_what_they_do_in_their_stubs_or_their_help() -> None:
    bare = [name for name, member in members(callfold.Command) if not inspect.getdoc(getattr(callfold.Command, name))]
    assert bare == []


# ---- names ----


def test_all_names_are_there_once_and_sorted() -> None:
    names = callfold.__all__
    assert len(set(names)) == len(names)
    assert not [name for name in names if not hasattr(callfold, name)]
    classes = [name for name in names if name[0].isupper()]
    assert classes == sorted(classes)
    functions = [name for name in names if name[0].islower()]
    assert functions == sorted(functions)


def test_every_public_name_of_the_package_is_in_all() -> None:
    modules = {name.split(".")[1] for name in PUBLIC}
    public = {name for name in vars(callfold) if not name.startswith("_")} - modules - {"annotations"}
    assert public - set(callfold.__all__) == set()


@pytest.mark.parametrize("module", [model, words, *map(importlib.import_module, ["callfold.audit", "callfold.log", "callfold.machine"])], ids=lambda one: one.__name__)
def test_what_a_module_offers_the_package_offers(module: ModuleType) -> None:
    # `Progress` is a type to annotate with; it stands in the module.
    assert set(module.__all__) - set(callfold.__all__) <= {"Progress"}
    assert list(module.__all__) == sorted(module.__all__)


def test_help_texts_show_no_machinery() -> None:
    # A signature is what an analyst reads first.
    for name in ("open", "replay", "connect", "import_traces"):
        signature = inspect.signature(getattr(callfold, name))
        assert "Any" not in {str(parameter.annotation) for parameter in signature.parameters.values()}
        assert signature.return_annotation is not inspect.Signature.empty


def test_the_version_is_told() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+\S*", callfold.__version__)
