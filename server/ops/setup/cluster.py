"""The private PostgreSQL + PostGIS cluster in var/pg, reached through a unix socket only.

PostgreSQL refuses to run as root. When we are root it runs as the account that owns the data,
which is `postgres` for a new cluster. Clients are identified by their account in the operating
system (peer authentication with an ident map), never by trust.
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
from pathlib import Path
from urllib.parse import quote

from server.ops.setup import cluster_roles, shell
from server.ops.setup.account import Account
from server.ops.setup.cluster_folders import data_home, socket_folder
from server.ops.setup.cluster_roles import LAYOUT, OWNER
from server.ops.setup.cluster_settings import Archive, archive_command, hba, ident, settings
from server.ops.setup.messages import SetupProblem
from server.ops.setup.packages import OLDEST_POSTGRESQL, postgresql_here
from server.ops.setup.places import Places
from server.ops.setup.progress import Step
from server.ops.setup.stamps import Stamps

OWN_URL = f"postgis://{OWNER}@/ruhu?host="
"""What DATABASE_URL of a private cluster begins with; the folder of its socket follows."""
_STEP = "step_cluster"
_LEFTOVERS = ("lock file", "shared memory block")
"""Words of PostgreSQL's error while processes of a killed server are still ending."""
_LEFTOVERS_SECONDS = 120
_STOPPED_WITHIN = 300  # seconds: a busy disk takes its time to write what is left
_RECOVERED_WITHIN = 24 * 3600
_RECOVERY = (
    "restore_command", "recovery_target_name", "recovery_target_time", "recovery_target_action",
)  # fmt: skip
"""Settings that pgBackRest leaves behind; the first names a file with the passphrase."""


class Cluster:
    """One private cluster. `durable=False` turns fsync off for speed; only the tests' cluster does."""

    def __init__(
        self,
        places: Places,
        name: str = "pg",
        *,
        durable: bool = True,
        archive: Archive | None = None,
        memory_mb: int | None = None,
    ) -> None:
        self.places = places
        self.link = places.var / name
        self.durable = durable
        self.archive = archive
        self._memory_mb = memory_mb or _memory_mb()
        self._guests: set[Account] = set()

    # --- state -------------------------------------------------------------

    @property
    def account(self) -> Account:
        """The account that owns the data; for a new cluster ours, or `postgres` when we are root."""
        me = os.geteuid()
        owner = self.home.stat().st_uid if self.home.exists() else 0
        if owner and me not in (0, owner):
            raise self._not_ours()
        if owner or me:
            return Account.of(owner or me)
        return Account.named("postgres")

    @property
    def home(self) -> Path:
        """The folder of data, socket, log and stamps; `link` may point to it."""
        return self.link.resolve()

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def socket(self) -> Path:
        return socket_folder(self.home, self.account.uid)

    @property
    def restoring(self) -> Path:
        """Exists while a restore writes the data, and after it was interrupted."""
        return self.link.with_suffix(".restoring")

    @property
    def start_log(self) -> Path:
        return self.home / "start.log"

    @property
    def stamps(self) -> Stamps:
        """Stamps about the contents of this cluster; they are deleted together with it."""
        return Stamps(self.home / "stamps")

    def version(self) -> int | None:
        """The major version of PostgreSQL that made the data; None when there is no data."""
        try:
            return int((self.data / "PG_VERSION").read_text())
        except FileNotFoundError:
            return None
        except PermissionError:
            raise self._not_ours() from None

    def _not_ours(self) -> SetupProblem:
        """The problem that names the owner of var/: the data itself may belong to `postgres`, made for root."""
        owner = _name(self.link.parent.stat().st_uid)
        return SetupProblem("not_ours", path=self.link, owner=owner)

    def check_version(self) -> None:
        """Raises SetupProblem for data of a PostgreSQL that is too old for Ruhu."""
        version = self.version()
        if version is not None and version < OLDEST_POSTGRESQL:
            raise SetupProblem("cluster_too_old", path=self.link, version=version)

    def programs(self) -> Path:
        """The folder of PostgreSQL's programs for this data. Raises SetupProblem when that version is missing."""
        installed, version = postgresql_here(), self.version()
        if version is None:
            return installed[max(number for number in installed if number >= OLDEST_POSTGRESQL)]
        self.check_version()
        if version not in installed:
            raise SetupProblem("cluster_version_missing", path=self.link, version=version)
        return installed[version]

    def url(self, role: str = OWNER) -> str:
        """DATABASE_URL of the application's database, as the role that owns its tables or as another one."""
        url = f"{OWN_URL}{quote(str(self.socket), safe='/')}"
        return url.replace(f"//{OWNER}@", f"//{role}@", 1)

    # --- making it ---------------------------------------------------------

    def step(self) -> Step:
        """The step that creates the cluster."""
        return Step(_STEP, lambda: self.version() is not None, self._create)

    def _create(self) -> str:
        """Run initdb in a draft folder and rename that to its final name once it is complete."""
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
        """Write the settings and the access rules; they are computed anew at each start."""
        lines = settings(
            socket=self.socket,
            memory_mb=self._memory_mb,
            shared_memory_mb=_shared_memory_mb(),
            durable=self.durable,
            lz4=self._has_lz4(),
            guests=bool(self._guests),
            archive=(archive_command(self.home), self.archive.each) if self.archive else None,
        )
        accounts = {"root", self.account.name, Account.of(os.geteuid()).name}
        guests = {guest.name for guest in self._guests}
        for name, content in (
            ("ruhu.conf", lines),
            ("pg_hba.conf", hba()),
            ("pg_ident.conf", ident(accounts, self.account.name, guests=guests)),
        ):
            path = self.data / name
            path.write_text(content)
            self._give(path)

    def _open_to_guests(self) -> None:
        """Let the guests' group enter the folders above the socket, and nobody else."""
        mode = 0o710 if self._guests else 0o700
        for folder in {self.home, self.socket}:
            for guest in self._guests:
                os.chown(folder, self.account.uid, guest.gid)
            folder.chmod(mode)

    def _has_lz4(self) -> bool:
        answer = subprocess.run(
            [self.programs() / "pg_config", "--configure"],
            capture_output=True,
            text=True,
            check=False,
        )
        return "--with-lz4" in answer.stdout

    def _fill(self) -> None:
        """Create the roles and the application's database, unless the stamp says that they exist."""
        if self.stamps.fresh("filled", LAYOUT):
            return
        cluster_roles.fill(self.psql)
        self.stamps.write("filled", LAYOUT)

    # --- running it --------------------------------------------------------

    def alive(self) -> bool:
        """Whether the server process runs, according to the operating system."""
        try:
            command = Path("/proc", self._server_file()[0].strip(), "cmdline").read_bytes()
        except (OSError, IndexError):
            return False
        return b"postgres" in command.split(b"\0")[0] and str(self.data).encode() in command

    def serving(self) -> bool:
        """Whether the server process runs and is not stopping, as the last line of its own file says."""
        try:
            return self.alive() and not self._server_file()[-1].startswith("stopping")
        except OSError:  # it ended just now
            return False

    def let_in(self, guest: Account) -> None:
        """Let another account connect as a serving role, not as the owner of the tables, from now on and after each restart of the running server."""
        self._guests.add(guest)
        self._open_to_guests()
        self._configure()
        for entry in self.socket.glob(".s.PGSQL.*[0-9]"):
            entry.chmod(0o777)  # as unix_socket_permissions will at the next start
        self._run(self.programs() / "pg_ctl", "reload", "-s", "-D", self.data)

    def recover(self) -> None:
        """Start the server on restored files; returns once it has read the archived log and writes again."""
        programs = self.programs()
        self._make_startable()
        problem = self._try_start(programs, seconds=_RECOVERED_WITHIN)
        if problem is not None:
            raise problem
        while self.psql("postgres", "select pg_is_in_recovery()", quiet=True) != "f":
            time.sleep(0.2)  # it answers readers before it has read the whole log
        for name in _RECOVERY:
            self.psql("postgres", f"alter system reset {name}")
        cluster_roles.fill(self.psql)  # the backup may be of a release that made less
        self.stamps.write("filled", LAYOUT)

    def start(self) -> None:
        """Start the server; returns once it accepts connections. Raises SetupProblem, also for an unfinished restore."""
        if self.restoring.exists():
            raise SetupProblem("restore_unfinished", path=self.link)
        programs = self.programs()
        self._make_startable()
        until = time.monotonic() + _LEFTOVERS_SECONDS
        while (problem := self._try_start(programs)) is not None:
            if time.monotonic() > until or not any(sign in str(problem) for sign in _LEFTOVERS):
                raise problem
            time.sleep(0.5)
        self._fill()

    def _make_startable(self) -> None:
        """Write the settings and make the folder of the socket. Raises SetupProblem."""
        socket = self.socket
        account = self.account
        if not socket.exists():
            socket.mkdir(mode=0o700)
            os.chown(socket, account.uid, account.gid)
        if socket.is_symlink() or socket.stat().st_uid != account.uid:
            raise SetupProblem("socket_unsafe", path=socket, owner=account.name)
        self._open_to_guests()
        self._configure()

    def _try_start(self, programs: Path, *, seconds: int = 120) -> SetupProblem | None:
        """Try to start the server once; returns the problem, or None when it runs."""
        log = self.start_log
        log.unlink(missing_ok=True)
        try:
            self._run(
                programs / "pg_ctl", "start", "-s", "-w", "-t", str(seconds), "-D", self.data,
                "-l", log,
            )  # fmt: skip
        except SetupProblem as problem:
            output = log.read_text(errors="replace") if log.exists() else ""
            for candidate in (shell.failure(self.places, _STEP, output), problem):
                if candidate.key == "disk_full":
                    return candidate
            reason = shell.last_words(output) if output else str(problem)
            return SetupProblem("cluster_failed", reason=reason, log=log)
        return None

    def stop(self) -> None:
        """Stop the server with a fast shutdown: sessions end, committed data is kept."""
        if self.alive():
            self._run(
                self.programs() / "pg_ctl", "stop", "-s", "-w", "-t", str(_STOPPED_WITHIN),
                "-m", "fast", "-D", self.data,
            )  # fmt: skip

    @contextmanager
    def running(self) -> Iterator[None]:
        """The server runs inside the block; the last command to leave stops it, unless it is kept.

        The lock on `gate` lets only one process start or stop the server at a time. Every
        process inside the block holds a shared lock on `users`, so only the last one can take
        that lock exclusively. The kernel releases the locks of killed processes.
        """
        self.places.var.mkdir(parents=True, exist_ok=True)
        with (
            self.link.with_suffix(".gate").open("w") as gate,
            self.link.with_suffix(".users").open("w") as users,
        ):
            fcntl.flock(gate, fcntl.LOCK_EX)
            if not self.serving():  # `start` waits for the end of a server that stops
                self.start()
            elif not self.stamps.fresh("filled", LAYOUT):  # started by an older release
                self._configure()
                self._run(self.programs() / "pg_ctl", "reload", "-s", "-D", self.data)
                self._fill()
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
                    if not self.kept():
                        self.stop()

    def keep(self) -> None:
        """Start the server and leave it running after this command, until `release` or a reboot."""
        with self.running():
            self._keep_file.write_text(self._server_identity())

    def kept(self) -> bool:
        """Whether the server that runs now is to stay after the last command leaves."""
        try:
            return self._keep_file.read_text() == self._server_identity()
        except OSError:
            return False

    def release(self) -> None:
        """Stop a kept server, unless another command still uses it: then that command stops it."""
        self._keep_file.unlink(missing_ok=True)
        if self.alive():
            with self.running():
                pass

    @property
    def _keep_file(self) -> Path:
        return self.link.with_suffix(".keep")

    def _server_identity(self) -> str:
        """Process id and start time of the server: a server started later is another one."""
        lines = self._server_file()
        return f"{lines[0].strip()} {lines[2].strip()}"

    def _server_file(self) -> list[str]:
        return (self.data / "postmaster.pid").read_text().splitlines()

    def psql(self, database: str, statement: str, *, quiet: bool = False) -> str:
        """Run one statement as the cluster's superuser; returns its rows as lines. Raises SetupProblem."""
        command = (
            self.programs() / "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", self.socket,
            "-U", "postgres", "-d", database, "-c", statement,
        )  # fmt: skip
        return (self.run_quietly(_STEP, *command) if quiet else self._run(*command)).strip()

    def run_quietly(self, step: str, *command: str | Path) -> str:
        """Run a program as the cluster's account; only a failure is logged. Raises SetupProblem."""
        return self._run(*command, step=step, quiet=True)

    def _run(self, *command: str | Path, step: str = _STEP, quiet: bool = False) -> str:
        account = self.account
        environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": str(self.home)}
        return shell.run(
            self.places,
            step,
            command,
            environment=environment,
            folder=Path("/"),
            account=account.for_subprocess(),
            quiet=quiet,
        )

    def _append(self, path: Path, lines: str) -> None:
        with path.open("a") as file:
            file.write(lines)

    def _give(self, path: Path) -> None:
        os.chown(path, self.account.uid, self.account.gid)
        path.chmod(0o600)


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _memory_mb() -> int:
    """Megabytes of memory that this machine, or the container we run in, may use."""
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    limit = Path("/sys/fs/cgroup/memory.max")
    allowed = limit.read_text().strip() if limit.exists() else "max"
    return min(total, int(allowed) if allowed.isdigit() else total) // 2**20


def _shared_memory_mb() -> int:
    try:
        return shutil.disk_usage("/dev/shm").total // 2**20  # noqa: S108
    except OSError:
        return 0
