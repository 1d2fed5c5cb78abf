"""The lock holds what pyproject.toml asks for, so that a checkout runs what was tested."""

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
PIN = re.compile(r"^([\w.-]+)==(\S+) \\$", re.MULTILINE)


def test_every_dependency_is_locked_at_a_version_it_allows():
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())
    project, groups = declared["project"], declared["dependency-groups"]
    extras = [each for extra in project["optional-dependencies"].values() for each in extra]
    asked = map(Requirement, [*project["dependencies"], *extras, *groups["dev"]])
    locked = dict(PIN.findall((ROOT / "requirements.lock").read_text()))
    assert [
        str(each)
        for each in asked
        if not each.specifier.contains(locked.get(each.name.lower(), "0"), prereleases=True)
    ] == [], "run .ci/lock"
