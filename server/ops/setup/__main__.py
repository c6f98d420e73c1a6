"""The words after `./ruhu`."""

from __future__ import annotations

import argparse
import contextlib
import errno
import os
import signal
import sys
import traceback
from pathlib import Path
from typing import NoReturn

from server.ops.setup import application, shell, up
from server.ops.setup.messages import COMMANDS, SetupProblem, language, text
from server.ops.setup.places import Places, here
from server.ops.setup.serving import usual_processes

_HELP = {
    "en": """Ruhu 入户 — the server behind door-to-door casework with ODK Collect

  ./ruhu up [--host 127.0.0.1] [--port 8000] [--processes 2] [--empty]
        set everything up and serve, until Ctrl-C; --empty makes no demo street
  ./ruhu test [pytest's arguments]
        set everything up and run all checks and tests
  ./ruhu COMMAND …          ('./ruhu COMMAND --help' tells more)
""",
    "zh": """Ruhu 入户 —— 配合 ODK Collect 的入户调查服务端

  ./ruhu up [--host 127.0.0.1] [--port 8000] [--processes 2] [--empty]
        自动安装并启动，按 Ctrl-C 停止；--empty 表示不生成示范街道
  ./ruhu test [pytest 参数]
        自动安装并运行全部检查和测试
  ./ruhu 命令 …             （./ruhu 命令 --help 查看用法）
""",
}


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise SetupProblem("bad_words", reason=message)


def _options() -> argparse.ArgumentParser:
    parser = _Parser(prog="./ruhu up", description="Set everything up and serve, until Ctrl-C.")
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on; 0.0.0.0 lets phones in"
    )
    parser.add_argument("--port", type=port_number, default=8000, help="0 takes a free one")
    parser.add_argument(
        "--processes",
        type=process_count,
        default=usual_processes(),
        help="web processes; one a core",
    )
    parser.add_argument("--empty", action="store_true", help="no demo street on the first start")
    return parser


def port_number(word: str) -> int:
    if not 0 <= int(word) <= 65535:
        raise ValueError
    return int(word)


def process_count(word: str) -> int:
    if int(word) < 1:
        raise ValueError
    return int(word)


def _help(places: Places) -> str:
    found, spoken = application.commands(places.root), language(os.environ)
    if spoken == "zh":
        found = {name: COMMANDS.get(name, first) for name, first in found.items()}
    lines = [f"        {name:<12} {first}" for name, first in found.items()]
    return _HELP[spoken] + "\n".join(lines)


def _terminated(_number: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt


def _run(places: Places, words: list[str]) -> int:
    if not words or words[0] in ("--help", "-h", "help"):
        print(_help(places))
        return 0
    if words[0] == "up":
        return up.up(places, **vars(_options().parse_args(words[1:])))
    if words[0] == "test":
        return up.suite(places, words[1:])
    return up.manage(places, words)


def main(words: list[str]) -> int:
    """Every failure is one sentence on stderr and a non-zero exit code."""
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
    """Who owns a path, or the nearest folder above it that may be looked at."""
    for part in (path, *path.parents):
        try:
            return part.owner()
        except (OSError, KeyError):
            continue
    return "root"


sys.exit(main(sys.argv[1:]))
