"""The words after `./ruhu`: which command runs, and how its failure is reported."""

from __future__ import annotations

import argparse
import contextlib
import errno
import os
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from server.ops.setup import (
    application,
    backup,
    checks,
    dev,
    management,
    restore,
    shell,
    shell_variables,
    suite,
    up,
)
from server.ops.setup.messages import COMMANDS, HELP, SetupProblem, language, text
from server.ops.setup.places import Places, here
from server.ops.setup.serving import usual_processes
from server.ops.setup.tls import TlsWanted


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise SetupProblem("bad_words", reason=message)


def _up(places: Places, words: Sequence[str]) -> int:
    parser = _Parser(prog="./ruhu up", description="Set everything up and serve, until Ctrl-C.")
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on; 0.0.0.0 lets phones in"
    )
    parser.add_argument(
        "--port", type=port_number, help="0 takes a free one; by default 8000, with TLS 8443"
    )
    parser.add_argument("--tls-name", default="", metavar="NAME",
                        help="serve https under this name; without --tls-cert, with a certificate for browsers only")  # fmt: skip
    parser.add_argument("--tls-cert", type=Path, metavar="FILE", help="certificate with its chain")
    parser.add_argument("--tls-key", type=Path, metavar="FILE", help="the certificate's key")
    parser.add_argument("--http-port", type=port_number, default=8000,
                        help="with TLS: leads browsers to https, lets phones in by Digest; 0 has none")  # fmt: skip
    parser.add_argument(
        "--processes",
        type=process_count,
        default=usual_processes(),
        help="number of web processes; by default one per core",
    )
    parser.add_argument("--empty", action="store_true", help="no demo street on the first start")
    options = parser.parse_args(words)
    wants = None
    if options.tls_name or options.tls_cert or options.tls_key:
        wants = TlsWanted(
            options.tls_name, options.tls_cert, options.tls_key, options.http_port or None
        )
    port = options.port if options.port is not None else 8443 if wants else 8000
    return up.up(
        places,
        host=options.host,
        port=port,
        processes=options.processes,
        empty=options.empty,
        wants=wants,
    )


def _dev(places: Places, words: Sequence[str]) -> int:
    parser = _Parser(
        prog="./ruhu dev",
        description="Serve the demo street on this machine; changed code takes effect at once.",
    )
    parser.add_argument("--port", type=port_number, default=8000, help="0 takes a free one")
    return dev.dev(places, **vars(parser.parse_args(words)))


def _check(places: Places, words: Sequence[str]) -> int:
    names = ", ".join(check.name for check in checks.checks(places))
    parser = _Parser(
        prog="./ruhu check", description="Check the source tree; exit code 1 when a check fails."
    )
    parser.add_argument("names", nargs="*", metavar="CHECK", help=f"some of: {names}")
    parser.add_argument(
        "--fix", action="store_true", help="format, correct lint, write generated files; then check"
    )
    options = parser.parse_args(words)
    return checks.check(places, options.names, fix=options.fix)


def _env(places: Places, words: Sequence[str]) -> int:
    parser = _Parser(
        prog="./ruhu env", description='Print variables for a shell: eval "$(./ruhu env --test)"'
    )
    parser.add_argument(
        "--test",
        action="store_true",
        dest="testing",
        help="of the tests; starts their database, which runs on",
    )
    parser.add_argument("--stop", action="store_true", help="stop the database that --test started")
    return shell_variables.show(places, **vars(parser.parse_args(words)))


OWN: dict[str, Callable[[Places, Sequence[str]], int]] = {
    "up": _up,
    "backup": backup.command,
    "restore": restore.command,
    "dev": _dev,
    "check": _check,
    "test": suite.test,
    "env": _env,
}
"""The commands of the set-up; every other word is a management command."""


def port_number(word: str) -> int:
    """A port for argparse. Raises ValueError."""
    if not 0 <= int(word) <= 65535:
        raise ValueError
    return int(word)


def process_count(word: str) -> int:
    """A positive number for argparse. Raises ValueError."""
    if int(word) < 1:
        raise ValueError
    return int(word)


def _help(places: Places) -> str:
    sentences, spoken = application.commands(places.root), language(os.environ)
    if spoken == "zh":
        sentences = {name: COMMANDS.get(name, english) for name, english in sentences.items()}
    lines = [f"        {name:<12} {sentence}" for name, sentence in sentences.items()]
    return HELP[spoken] + "\n".join(lines)


def _terminated(_number: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt


def _run(places: Places, words: Sequence[str]) -> int:
    if not words or words[0] in ("--help", "-h", "help"):
        print(_help(places))
        return 0
    if command := OWN.get(words[0]):
        return command(places, words[1:])
    return management.manage(places, words)


def main(words: Sequence[str]) -> int:
    """Run a command; returns its exit code. A failure becomes one sentence on stderr."""
    signal.signal(signal.SIGTERM, _terminated)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    places = here()
    try:
        return _run(places, words)
    except KeyboardInterrupt:
        print(f"\nruhu: {text('interrupted')}", file=sys.stderr)
        return 130
    except Exception as error:
        print(f"ruhu: {_sentence(places, error)}", file=sys.stderr)
        return 1


def _sentence(places: Places, error: Exception) -> str:
    if isinstance(error, SetupProblem):
        return str(error)
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        free = shell.free_mb(places.var)
        return text("disk_full", folder=places.var, free=free, need=shell.NEEDED_MB)
    if isinstance(error, PermissionError) and error.filename:
        path = Path(os.fsdecode(error.filename))
        return text("not_ours", path=path, owner=_owner(path))
    with contextlib.suppress(OSError):
        shell.note(places, traceback.format_exc())
    return text("unexpected", reason=f"{type(error).__name__}: {error}", log=places.log)


def _owner(path: Path) -> str:
    """The owner of a path, or of the nearest folder above it that can be looked at."""
    for part in (path, *path.parents):
        try:
            return part.owner()
        except (OSError, KeyError):
            continue
    return "root"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
