"""Imports every module of an installed wheel, and looks for the data that travels with them."""  # noqa: INP001 (a script)

import importlib
import pkgutil
import sys
from pathlib import Path

PACKAGES = ("api", "consumers", "producers", "ledger", "schemas", "deploy")
DATA = (
    "deploy/kafka/topics.yaml",
    "deploy/kafka/jars.lock.json",
    "deploy/postgres/binaries.lock.json",
)

places = set()
for name in PACKAGES:
    package = importlib.import_module(name)
    places.add(Path(package.__path__[0]).parent)
    for module in pkgutil.walk_packages(package.__path__, f"{name}."):
        if ".migrations." not in module.name:  # those are run by alembic, not imported
            importlib.import_module(module.name)
(place,) = places
missing = [name for name in DATA if not (place / name).exists()]
if place.name != "site-packages" or missing:
    sys.exit(f"imported from {place}, missing there: {missing}")
sys.stdout.write(f"the wheel's packages import: {', '.join(PACKAGES)}\n")
