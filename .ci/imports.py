"""Imports every module of an installed wheel, and looks for the data that travels with them."""

import importlib
import pkgutil
from importlib.resources import files
from pathlib import Path

PACKAGES = ("api", "consumers", "producers", "ledger", "schemas", "deploy")
DATA = ("deploy/kafka/topics.yaml", "deploy/kafka/jars.lock.json", "deploy/postgres/binaries.lock.json")

for name in PACKAGES:
    package = importlib.import_module(name)
    assert "site-packages" in str(package.__file__), package.__file__
    for module in pkgutil.walk_packages(package.__path__, f"{name}."):
        if ".migrations." not in module.name:  # those are run by alembic, not imported
            importlib.import_module(module.name)
root = Path(str(files("schemas"))).parent
missing = [name for name in DATA if not (root / name).exists()]
assert not missing, missing
print(f"the wheel's packages import: {', '.join(PACKAGES)}")
