"""Stubs and docstrings are those of the module."""

from __future__ import annotations

import ast
import doctest
import inspect
import os
import subprocess
import sys
from pathlib import Path

import portcullis
import pytest
from conftest import ROOT
from portcullis import _portcullis, _types

STUB = Path(_portcullis.__file__).parent / "_portcullis.pyi"
TYPING = Path(__file__).parent / "typing"


def parameters(own: ast.FunctionDef) -> list[str]:
    given = own.args
    names = [one.arg for one in [*given.posonlyargs, *given.args]]
    names += [given.vararg.arg] if given.vararg else []
    return [name for name in [*names, *(one.arg for one in given.kwonlyargs)] if name not in ("self", "cls")]


def test_the_stub_has_the_names_of_the_module() -> None:
    stub = ast.parse(STUB.read_text(encoding="utf-8"))
    classes = {own.name: own for own in stub.body if isinstance(own, ast.ClassDef) and not own.name.startswith("_")}
    functions = {own.name: own for own in stub.body if isinstance(own, ast.FunctionDef)}
    module = {name: own for name, own in vars(_portcullis).items() if not name.startswith("_")}
    assert set(module) == set(classes) | set(functions)
    for name, stubbed in functions.items():
        assert list(inspect.signature(module[name]).parameters) == parameters(stubbed), name
    for name, class_ in classes.items():
        members = {own.name: own for own in class_.body if isinstance(own, ast.FunctionDef)}
        public = {member for member in vars(module[name]) if not member.startswith("_")}
        assert {member for member in members if not member.startswith("_")} == public, name
        for member, stubbed in members.items():
            if member == "__iter__" and not hasattr(module[name], member):
                # Python goes through what has an index.
                assert {"__len__", "__getitem__"} <= set(members), name
                continue
            own = inspect.getattr_static(module[name], member)
            is_property = any(isinstance(one, ast.Name) and one.id == "property" for one in stubbed.decorator_list)
            assert inspect.isgetsetdescriptor(own) == is_property, f"{name}.{member}"
            if not is_property and not member.startswith("_"):
                signature = inspect.signature(getattr(module[name], member))
                found = [one for one in signature.parameters if one not in ("self", "slf")]
                assert found == parameters(stubbed), f"{name}.{member}"


def test_everything_is_said_what_it_is() -> None:
    for name in portcullis.__all__:
        own = getattr(portcullis, name)
        if inspect.isclass(own) or inspect.isbuiltin(own):
            assert own.__doc__, name
            assert own.__module__ in ("portcullis", "portcullis._portcullis"), name
            for member, found in vars(own).items() if inspect.isclass(own) else ():
                if not member.startswith("_") and (callable(found) or inspect.isgetsetdescriptor(found)):
                    assert found.__doc__ or getattr(own, member).__doc__, f"{name}.{member}"


def documented() -> list[tuple[str, str]]:
    found = [("portcullis", portcullis.__doc__ or "")]
    for module in (_portcullis, _types):
        for name, own in vars(module).items():
            found.append((name, getattr(own, "__doc__", None) or ""))
            if inspect.isclass(own) and own.__module__.startswith("portcullis"):
                found += [(f"{name}.{member}", getattr(one, "__doc__", None) or "") for member, one in vars(own).items()]
    return [(name, text) for name, text in found if ">>>" in text]


@pytest.mark.parametrize("name, text", documented(), ids=lambda own: own if len(own) < 40 else "")
def test_the_examples_of_docstrings_run(name: str, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    flags = doctest.IGNORE_EXCEPTION_DETAIL if sys.version_info < (3, 11) else 0
    test = doctest.DocTestParser().get_doctest(inspect.cleandoc(text), dict(vars(portcullis)), name, None, 0)
    said: list[str] = []
    failed = doctest.DocTestRunner(optionflags=flags).run(test, out=said.append).failed
    assert not failed, "".join(said)


def test_there_are_examples() -> None:
    assert len(documented()) > 20


def mypy(file: Path) -> list[str]:
    pytest.importorskip("mypy")
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--hide-error-context", "--cache-dir", os.devnull, str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()


def test_right_uses_are_accepted() -> None:
    assert mypy(TYPING / "right.py") == []


def test_wrong_uses_are_rejected() -> None:
    file = TYPING / "wrong.py"
    lines = file.read_text(encoding="utf-8").splitlines()
    wanted = {number: line.rsplit("# error: ", 1)[1] for number, line in enumerate(lines, 1) if "# error: " in line}
    found: dict[int, str] = {}
    for line in mypy(file):
        if ": error: " in line:
            found[int(line.split(":")[1])] = line.rsplit("[", 1)[1].rstrip("]")
    assert found == wanted
