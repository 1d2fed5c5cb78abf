"""What belongs together is there together: each test names what was forgotten."""

import ast
import importlib
from pathlib import Path

import pytest

import asks
from consumers.decisions import all as registered
from consumers.decisions.registry import DECIDERS
from deploy.kafka.apply import declared
from schemas.commands import COMMANDS
from schemas.envelope import Envelope, read_envelope
from schemas.topics import COMMON_CONFIG, DECLARED, MODULES

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = {"src": ("consumers", "producers", "ledger", "schemas"), ".": ("api", "deploy")}
FILE_LINES_MAX = 300
FUNCTION_LINES_MAX = 60
SOURCES = sorted(
    file
    for folder, names in PACKAGES.items()
    for name in names
    for file in (ROOT / folder / name).rglob("*.py")
)


def area_of(command):
    """The file that a command's class stands in; its decider and its cases stand in one alike."""
    return command.__module__.rpartition(".")[2]


def forgotten(kind):
    """What a command's class alone is not enough for."""
    command = COMMANDS[kind]
    area = area_of(command)
    tests = ROOT / "tests" / "unit" / "decisions" / f"test_{area}.py"
    yield from (["its decider"] if command not in DECIDERS else [])
    yield from ([f"its topic: no module {command.MODULE}"] if command.MODULE not in MODULES else [])
    yield from ([f"{tests.name}"] if not tests.exists() else [])
    if tests.exists() and command.__name__ not in tests.read_text():
        yield f"{command.__name__} in {tests.name}"


@pytest.mark.parametrize("kind", sorted(COMMANDS))
def test_a_command_is_complete(kind):
    assert list(forgotten(kind)) == []
    assert kind == COMMANDS[kind].TYPE
    sent = [(name, value.encode()) for name, value in asks.ask(kind, {}).headers.items()]
    assert isinstance(
        read_envelope(sent, default_tenant="t", source_systems=asks.SOURCES), Envelope
    )


def test_every_decider_belongs_to_a_command_and_every_file_of_them_is_registered():
    assert set(DECIDERS) == set(COMMANDS.values())
    assert {area_of(command) for command in COMMANDS.values()} == set(registered.__all__)


def test_the_topics_file_states_what_the_code_uses():
    file = {each.name: (each.partitions, each.config) for each in declared("p")}
    code = {
        f"p.{name}": (partitions, {**COMMON_CONFIG, **config})
        for name, (partitions, config) in DECLARED.items()
    }
    assert file == code


@pytest.mark.parametrize("name", [name for names in PACKAGES.values() for name in names])
def test_a_package_name_is_ours(name):
    module = importlib.import_module(name)
    assert Path(module.__file__).is_relative_to(ROOT)


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: str(file.relative_to(ROOT)))
def test_a_file_reads_well(file):
    text = file.read_text()
    tree = ast.parse(text)
    assert len(text.splitlines()) <= FILE_LINES_MAX
    if "migrations/" not in str(file) or "versions" in str(file):
        assert ast.get_docstring(tree), "it does not say what it is for"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or 0) - node.lineno + 1
            assert lines <= FUNCTION_LINES_MAX, f"{node.name} has {lines} lines"
