"""The private PostgreSQL + PostGIS cluster: made in var/pg, reached through a unix socket only.

PostgreSQL refuses to run as root: then it runs as the account that owns the data
(`postgres` when the cluster is new). Who may connect is decided by the operating
system's account (peer authentication through an ident map), never by trust.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from server.ops.setup import shell
from server.ops.setup.cluster_folders import data_home, socket_folder
from server.ops.setup.cluster_settings import hba, ident, settings
from server.ops.setup.messages import SetupProblem
from server.ops.setup.packages import OLDEST_POSTGRESQL, postgresql_here
from server.ops.setup.places import Places
from server.ops.setup.progress import Step
from server.ops.setup.stamps import Stamps

_STEP = "step_cluster"
_LAYOUT = "1"
_LEFTOVERS = ("lock file", "shared memory block")
"""What PostgreSQL complains of while processes of a killed predecessor are still ending."""
_LEFTOVERS_SECONDS = 20


@dataclass(frozen=True)
class Account:
    """An account of the operating system."""

    name: str
    uid: int
    gid: int

    @classmethod
    def of(cls, uid: int) -> Account:
        entry = pwd.getpwuid(uid)
        return cls(entry.pw_name, uid, entry.pw_gid)

    @classmethod
    def named(cls, name: str) -> Account:
        return cls.of(pwd.getpwnam(name).pw_uid)

    def for_subprocess(self) -> dict[str, object]:
        """subprocess's arguments to run as this account; none when that is who we are."""
        if os.geteuid() == self.uid:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


class Cluster:
    """One private cluster. `durable=False` is for tests only: it trades fsync for speed."""

    def __init__(self, places: Places, name: str = "pg", *, durable: bool = True) -> None:
        self.places = places
        self.link = places.var / name
        self.durable = durable

    # --- what is there -----------------------------------------------------

    @property
    def account(self) -> Account:
        """Who owns the data: whoever made it; at first us, or `postgres` when we are root."""
        me = os.geteuid()
        owner = self.home.stat().st_uid if self.home.exists() else 0
        if owner and me not in (0, owner):
            raise self._not_ours()
        if owner or me:
            return Account.of(owner or me)
        return Account.named("postgres")

    @property
    def home(self) -> Path:
        return self.link.resolve()

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def socket(self) -> Path:
        return socket_folder(self.home, self.account.uid)

    @property
    def start_log(self) -> Path:
        return self.home / "start.log"

    @property
    def stamps(self) -> Stamps:
        """Stamps about what is in this database; they vanish together with it."""
        return Stamps(self.home / "stamps")

    def version(self) -> int | None:
        """The major version that made the data; None when there is none yet."""
        try:
            return int((self.data / "PG_VERSION").read_text())
        except FileNotFoundError:
            return None
        except PermissionError:
            raise self._not_ours() from None

    def _not_ours(self) -> SetupProblem:
        """Who made var/ is who to be: the data itself may belong to `postgres`, on behalf of root."""
        owner = _name(self.link.parent.stat().st_uid)
        return SetupProblem("not_ours", path=self.link, owner=owner)

    def check_version(self) -> None:
        """Raises SetupProblem for data that is too old for Ruhu, before anything is installed."""
        found = self.version()
        if found is not None and found < OLDEST_POSTGRESQL:
            raise SetupProblem("cluster_too_old", path=self.link, found=found)

    def programs(self) -> Path:
        """The folder of PostgreSQL's programs for this data. Raises SetupProblem for a wrong version."""
        here, found = postgresql_here(), self.version()
        if found is None:
            return here[max(version for version in here if version >= OLDEST_POSTGRESQL)]
        self.check_version()
        if found not in here:
            raise SetupProblem("cluster_version_missing", path=self.link, found=found)
        return here[found]

    def url(self) -> str:
        """DATABASE_URL of the application's database."""
        return f"postgis://ruhu@/ruhu?host={quote(str(self.socket), safe='/')}"

    # --- making it ---------------------------------------------------------

    def step(self) -> Step:
        return Step(_STEP, lambda: self.version() is not None, self._create)

    def _create(self) -> str:
        """initdb beside the final place, renamed when complete."""
        shell.need_space(self.places.var, 300)
        programs = self.programs()
        account = self.account
        home = data_home(self.link, account.uid, account.gid)
        draft = home / "data.new"
        shutil.rmtree(draft, ignore_errors=True)
        shutil.rmtree(home / "stamps", ignore_errors=True)
        self._run(
            programs / "initdb", "-D", draft, "-U", "postgres", "--auth=peer", "--encoding=UTF8",
            "--locale=C.UTF-8", "--data-checksums", "--no-instructions",
        )  # fmt: skip
        self._append(draft / "postgresql.conf", "\ninclude_if_exists 'ruhu.conf'\n")
        os.rename(draft, home / "data")
        return ""

    def _configure(self) -> None:
        """Write our settings and who may connect; they follow the machine at each start."""
        lines = settings(
            socket=self.socket,
            memory_mb=_memory_mb(),
            shared_memory_mb=_shared_memory_mb(),
            durable=self.durable,
            lz4=self._has_lz4(),
        )
        accounts = {"root", self.account.name, Account.of(os.geteuid()).name}
        for name, content in (
            ("ruhu.conf", lines),
            ("pg_hba.conf", hba()),
            ("pg_ident.conf", ident(accounts, self.account.name)),
        ):
            path = self.data / name
            path.write_text(content)
            self._give(path)

    def _has_lz4(self) -> bool:
        asked = subprocess.run(
            [self.programs() / "pg_config", "--configure"],
            capture_output=True,
            text=True,
            check=False,
        )
        return "--with-lz4" in asked.stdout

    def _fill(self) -> None:
        """Role, PostGIS for every new database, and the application's database."""
        if self.stamps.fresh("filled", _LAYOUT):
            return
        self.psql("template1", "CREATE EXTENSION IF NOT EXISTS postgis")
        if not self.psql("postgres", "SELECT 1 FROM pg_roles WHERE rolname = 'ruhu'"):
            self.psql("postgres", "CREATE ROLE ruhu LOGIN CREATEDB")
        if not self.psql("postgres", "SELECT 1 FROM pg_database WHERE datname = 'ruhu'"):
            self.psql("postgres", "CREATE DATABASE ruhu OWNER ruhu")
        self.stamps.write("filled", _LAYOUT)

    # --- running it --------------------------------------------------------

    def alive(self) -> bool:
        """Whether its server process runs; the answer of the operating system, not of PostgreSQL."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
            command = Path("/proc", lines[0].strip(), "cmdline").read_bytes()
        except (OSError, IndexError):
            return False
        return b"postgres" in command.split(b"\0")[0] and str(self.data).encode() in command

    def start(self) -> None:
        """Returns once it takes connections. Raises SetupProblem."""
        programs = self.programs()
        socket = self.socket
        account = self.account
        if not socket.exists():
            socket.mkdir(mode=0o700)
            os.chown(socket, account.uid, account.gid)
        if socket.is_symlink() or socket.stat().st_uid != account.uid:
            raise SetupProblem("socket_unsafe", path=socket, owner=account.name)
        self._configure()
        until = time.monotonic() + _LEFTOVERS_SECONDS
        while (problem := self._try_start(programs)) is not None:
            words = str(problem)
            if time.monotonic() > until or not any(sign in words for sign in _LEFTOVERS):
                raise problem
            time.sleep(0.5)
        self._fill()

    def _try_start(self, programs: Path) -> SetupProblem | None:
        """Start once; what was wrong, if something was."""
        log = self.start_log
        log.unlink(missing_ok=True)
        try:
            self._run(
                programs / "pg_ctl", "start", "-s", "-w", "-t", "120", "-D", self.data, "-l", log
            )
        except SetupProblem as problem:
            words = log.read_text(errors="replace") if log.exists() else ""
            told = shell.failure(self.places, _STEP, words)
            for full in (told, problem):
                if full.key == "disk_full":
                    return full
            reason = shell.last_words(words) if words else str(problem)
            return SetupProblem("cluster_failed", reason=reason, log=log)
        return None

    def stop(self) -> None:
        """Fast shutdown: sessions are cut, everything committed is kept."""
        if self.alive():
            self._run(
                self.programs() / "pg_ctl",
                "stop",
                "-s",
                "-w",
                "-t",
                "60",
                "-m",
                "fast",
                "-D",
                self.data,
            )

    @contextmanager
    def running(self) -> Iterator[None]:
        """The cluster runs inside; whoever leaves last stops it.

        `gate` makes starting and stopping one at a time; everyone inside holds a shared
        lock on `users`, so it can be had alone only by the last. Locks of killed
        processes vanish by themselves.
        """
        self.places.var.mkdir(parents=True, exist_ok=True)
        with (
            self.link.with_suffix(".gate").open("w") as gate,
            self.link.with_suffix(".users").open("w") as users,
        ):
            fcntl.flock(gate, fcntl.LOCK_EX)
            if not self.alive():
                self.start()
            fcntl.flock(users, fcntl.LOCK_SH)
            fcntl.flock(gate, fcntl.LOCK_UN)
            try:
                yield
            finally:
                fcntl.flock(gate, fcntl.LOCK_EX)
                try:
                    fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    pass
                else:
                    self.stop()

    def psql(self, database: str, statement: str) -> str:
        """Run one statement as the cluster's superuser; rows as lines."""
        return self._run(
            self.programs() / "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", self.socket,
            "-U", "postgres", "-d", database, "-c", statement,
        ).strip()  # fmt: skip

    def _run(self, *command: str | Path) -> str:
        account = self.account
        environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": str(self.home)}
        return shell.run(
            self.places,
            _STEP,
            command,
            environment=environment,
            folder=Path("/"),
            account=account.for_subprocess(),
        )

    def _append(self, path: Path, words: str) -> None:
        with path.open("a") as file:
            file.write(words)

    def _give(self, path: Path) -> None:
        os.chown(path, self.account.uid, self.account.gid)
        path.chmod(0o600)


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _memory_mb() -> int:
    """What this machine, or the container it is, may use."""
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    limit = Path("/sys/fs/cgroup/memory.max")
    words = limit.read_text().strip() if limit.exists() else "max"
    return min(total, int(words) if words.isdigit() else total) // 2**20


def _shared_memory_mb() -> int:
    try:
        return shutil.disk_usage("/dev/shm").total // 2**20  # noqa: S108
    except OSError:
        return 0
