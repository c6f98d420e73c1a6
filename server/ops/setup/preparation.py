"""What must be in place before a command of Ruhu can run, for each purpose a command may have."""

from __future__ import annotations

from enum import Enum

from server.ops.setup import environment, nginx, packages
from server.ops.setup.database import Database
from server.ops.setup.locking import alone
from server.ops.setup.places import Places
from server.ops.setup.progress import Progress, Step
from server.ops.setup.stamps import Stamps

_JAVA_TRIED = "java"


class Purpose(Enum):
    """What a command needs: `SERVING` to run, `CHECKING` the linters too, `TESTING` browser and engines.

    `RESTORING` needs what `SERVING` does, but no cluster, which comes from the backup.
    """

    SERVING = "serving"
    RESTORING = "restoring"
    CHECKING = "checking"
    TESTING = "testing"


def preparation(
    places: Places, database: Database, purpose: Purpose = Purpose.SERVING
) -> list[Step]:
    """The steps of the set-up, in order. Steps that are done already are recognised by their stamps."""
    places.make()
    stamps = Stamps(places.stamps)
    developing = purpose in (Purpose.CHECKING, Purpose.TESTING)
    testing = purpose is Purpose.TESTING
    steps = [
        _system_packages(places, database, stamps, testing=testing),
        environment.virtual_environment(places, stamps, testing=developing),
        environment.browser_libraries(places, stamps),
        environment.browser_bundle(places, stamps),
        environment.translations(places, stamps),
        environment.sealing_key(
            places, has_data=bool(database.cluster and database.cluster.version())
        ),
    ]
    if testing:
        steps += [
            environment.second_engine(places, stamps),
            environment.static_files(places, stamps),
            nginx.step(places),
        ]
    if database.cluster and purpose not in (Purpose.CHECKING, Purpose.RESTORING):
        steps.append(database.cluster.step())
    return steps


def _system_packages(places: Places, database: Database, stamps: Stamps, *, testing: bool) -> Step:
    version = database.cluster.version() if database.cluster else None
    lacking = packages.missing(database=bool(database.cluster), testing=testing, version=version)
    if stamps.fresh(_JAVA_TRIED, "1"):  # one try: a start without Java stays quick
        lacking = [package for package in lacking if not package.optional]

    def act() -> str:
        note = packages.install(places, lacking, version)
        if any(package.optional for package in lacking):
            stamps.write(_JAVA_TRIED, "1")
        return note

    return Step("step_packages", lambda: not lacking, act)


def prepared(places: Places, database: Database, purpose: Purpose = Purpose.SERVING) -> Progress:
    """Carry out the set-up, printing only steps that have work to do.

    Waits for another command that sets up this folder. Returns the progress, with room for
    one more step.
    """
    if database.cluster:
        database.cluster.check_version()
    with alone(places.setup_lock, "purpose_setup"):
        steps = preparation(places, database, purpose)
        progress = Progress(len(steps) + 1, quiet=True)
        for step in steps:
            progress.run(step)
    return progress
