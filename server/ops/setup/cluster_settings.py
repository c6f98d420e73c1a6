"""postgresql.conf, pg_hba.conf and pg_ident.conf of the private cluster."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from server.ops.setup.cluster_roles import OWNER, SERVING_ROLES

PGBACKREST = "pgbackrest.conf"
"""pgBackRest's settings, beside the data, so that no copy of the data holds them."""
STANZA = "ruhu"
"""The name of the cluster in the repository of backups."""


class Archive(Protocol):
    """How often the database's log is archived at least."""

    @property
    def each(self) -> int:
        """Seconds."""


def archive_command(home: Path) -> str:
    """PostgreSQL's archive_command for a cluster in this folder (server/ops/setup/repository.py)."""
    configuration = shlex.quote(str(home / PGBACKREST)).replace("%", "%%")
    return f"pgbackrest --config={configuration} --stanza={STANZA} archive-push %p"


def settings(
    *,
    socket: Path,
    memory_mb: int,
    shared_memory_mb: int,
    durable: bool,
    lz4: bool,
    guests: bool = False,
    archive: tuple[str, int] | None = None,
) -> str:
    """The lines of ruhu.conf, sized for a machine that PostgreSQL shares with the web processes.

    `archive` is the command that archives the log, and the seconds after which it does at the
    latest. `guests` lets whoever may enter the socket's folder connect; the ident map decides further.
    `shared_buffers` takes a quarter of the memory, at least 128 MB and at most 4 GB.
    """
    shared = max(128, min(4096, memory_mb // 4))
    values: dict[str, str | float] = {
        "listen_addresses": "''",
        "unix_socket_directories": f"'{str(socket).replace(chr(39), chr(39) * 2)}'",
        "unix_socket_permissions": "0777" if guests else "0700",
        "max_connections": 300,  # threads of the web processes (serving._CONNECTIONS), worker, commands
        "shared_buffers": f"{shared}MB",
        "effective_cache_size": f"{max(256, memory_mb // 2)}MB",
        "work_mem": "16MB",
        "maintenance_work_mem": f"{max(64, min(512, memory_mb // 16))}MB",
        "random_page_cost": 1.1,
        "jit": "off",  # compiling costs more than it saves on tiles and list pages
        "wal_compression": "lz4" if lz4 else "on",
        "min_wal_size": "256MB",
        "max_wal_size": "4GB" if durable else "2GB",
        "checkpoint_timeout": "15min",
        "checkpoint_completion_target": 0.9,
        "autovacuum_naptime": "20s",  # jobs and waiting records are short-lived rows
        "idle_in_transaction_session_timeout": "10min",
        "logging_collector": "on",
        "log_directory": "'../log'",
        "log_filename": "'postgresql-%a.log'",
        "log_truncate_on_rotation": "on",
        "log_rotation_size": 0,
        "log_line_prefix": "'%m [%p] '",
        # Statements and their values hold answers to forms, which must not reach the log.
        "log_error_verbosity": "terse",
        "log_min_error_statement": "panic",
        "log_parameter_max_length": 0,
        "log_parameter_max_length_on_error": 0,
    }
    if shared_memory_mb < 512:
        values["dynamic_shared_memory_type"] = "mmap"  # containers give /dev/shm 64 MB
    if archive:
        command, seconds = archive
        values |= {
            "archive_mode": "on",
            "archive_command": f"'{command.replace(chr(39), chr(39) * 2)}'",
            "archive_timeout": f"{seconds}s",
        }
    if not durable:
        values |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    lines = [f"{name} = {value}" for name, value in values.items()]
    return "\n".join(["# Written at each start; ALTER SYSTEM overrides it.", *lines, ""])


def hba() -> str:
    """The lines of pg_hba.conf: connections over the socket only, by accounts of the ident map."""
    return "# Written at each start.\nlocal all all peer map=ruhu\n"


def ident(
    accounts: Iterable[str],
    owner: str,
    *,
    guests: Iterable[str] = (),
) -> str:
    """The lines of pg_ident.conf: who may connect as which role.

    Each account may be the role that owns the tables, and the serving roles; guests may be a
    serving role only; the cluster's owner may be `postgres` too.
    """
    own = set(accounts)
    pairs = [(account, name) for account in sorted(own) for name in (OWNER, *SERVING_ROLES)]
    pairs += [(guest, name) for guest in sorted(set(guests) - own) for name in SERVING_ROLES]
    rows = [f'ruhu "{account}" {name}' for account, name in pairs]
    return "\n".join(["# Written at each start.", *rows, f'ruhu "{owner}" postgres', ""])
