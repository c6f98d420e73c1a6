"""Every sentence of the set-up, in English and Chinese.

The set-up prints before the translations are compiled, so it cannot use gettext. It chooses
the language from the environment, as gettext would.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from server.ops.setup.messages_safekeeping import SAFEKEEPING

_SENTENCES: dict[str, tuple[str, str]] = {
    # steps
    "step_packages": ("System packages", "系统软件包"),
    "step_venv": ("Python packages", "Python 软件包"),
    "step_npm": ("Browser libraries", "网页前端库"),
    "step_bundle": ("Forms in the browser", "网页填表组件"),
    "step_engine": ("Second form engine", "第二个表单引擎"),
    "step_nginx": ("Web server nginx", "网页服务器 nginx"),
    "step_translations": ("Translations", "界面翻译"),
    "step_static": ("Static files", "静态文件"),
    "step_key": ("Sealing key", "加密密钥"),
    "step_cluster": ("Database cluster", "数据库"),
    "step_database": ("Start of the database", "启动数据库"),
    "step_migrate": ("Tables", "数据表"),
    "step_retry": ("Forms, records and ledgers of an earlier version", "旧版本的表单、记录和台帐"),
    "step_publish": ("Forms", "发布表单"),
    "step_demo": ("Demo street", "示范街道"),
    "step_admin": ("First account", "首个账号"),
    "step_serve": ("Web and worker", "网页服务和后台处理"),
    "already": ("in place", "已就绪"),
    "done": ("done", "完成"),
    "installing": ("installing {names}", "正在安装 {names}"),
    "no_java": (
        "Java could not be installed: forms are published without ODK Validate's check",
        "未能安装 Java：发布表单时不做 ODK Validate 检查",
    ),
    "service_none": (
        "Web and worker run as root, because they cannot run as account {name} here. Start ./ruhu up as an ordinary user instead.",
        "网页服务和后台处理以 root 身份运行，因为这里无法使用账号 {name}。请改用普通用户运行 ./ruhu up。",
    ),
    "service_reads": (
        "Web and worker run as account {name}. They may read every file, because {folder} or Python is below a folder that only root may enter; a clone below /srv or /opt, with the system's Python, ends that.",
        "网页服务和后台处理以账号 {name} 运行。由于 {folder} 或 Python 位于只有 root 可以进入的目录下，它们可以读取所有文件；把程序放到 /srv 或 /opt 并使用系统自带的 Python 即可避免。",
    ),
    # welcome
    "plain_http": (
        "Warning: without TLS, passwords, ID numbers and phones' codes cross the network in the open, for anybody on it to read. Use this on a closed network only, or serve https: './ruhu up --tls-name NAME' or --tls-cert (README, Operation).",
        "警告：没有 TLS 加密，密码、身份证号和手机接入码会以明文在网络上传输，同一网络上的任何人都可以读取。只应在封闭的内部网络中使用，或启用 https：./ruhu up --tls-name 名称 或 --tls-cert（见 README 的 Operation 一节）。",
    ),
    "welcome": ("Ruhu is serving at {url}", "入户已启动：{url}"),
    "login": (
        "Log in:  {username}  /  {password}  ({role})",
        "登录：  {username}  /  {password}（{role}）",
    ),
    "role_worker": ("community worker", "社区协理员"),
    "role_street": ("street staff", "街道工作人员"),
    "role_county": ("county staff", "县区工作人员"),
    "role_administrator": ("administrator", "系统管理员"),
    "login_once": (
        "Administrator:  {username}  /  {password}   (shown this once; the first log-in asks for another one)",
        "管理员：  {username}  /  {password}   （只显示这一次；首次登录时须另设密码）",
    ),
    "login_known": (
        "Log in with the accounts made before; './ruhu user add NAME' makes another.",
        "请用已有账号登录；新增账号：./ruhu user add 用户名",
    ),
    "qr": (
        "ODK Collect: scan this code to work as {name}, or type {url}",
        "ODK Collect：扫描此二维码，以 {name} 的身份工作；或手工输入 {url}",
    ),
    "qr_local": (
        "A phone cannot reach {host}: start with './ruhu up --host 0.0.0.0' to let phones in.",
        "手机无法访问 {host}：用 ./ruhu up --host 0.0.0.0 启动即可让手机连接。",
    ),
    "no_worker": (
        "Next: './ruhu divisions import FILE.geojson', then './ruhu worker add NAME --area CODE' shows a QR code for ODK Collect.",
        "下一步：./ruhu divisions import 文件.geojson，然后 ./ruhu worker add 姓名 --area 区划代码，会给出 ODK Collect 的二维码。",
    ),
    "ctrl_c": ("Ctrl-C stops everything.", "按 Ctrl-C 全部停止。"),
    "stopping": ("Stopping …", "正在停止 …"),
    "stopped": ("Stopped.", "已停止。"),
    "restarting": (
        "{name} (process {pid}) ended with {how}; starting it again in {delay} s",
        "{name}（进程 {pid}）退出（{how}）；{delay} 秒后重新启动",
    ),
    "database_restarting": (
        "the database stopped; starting it again",
        "数据库已停止；正在重新启动",
    ),
    "killing": (
        "{name} did not stop within {grace} s; killed",
        "{name} 在 {grace} 秒内没有停止，已强制结束",
    ),
    # contributors' commands
    "waiting": (
        "Waiting for process {pid} ({command}), which {purpose} …",
        "正在等待进程 {pid}（{command}）：它{purpose} …",
    ),
    "purpose_setup": ("is setting up this folder", "正在安装本目录所需的软件"),
    "purpose_tables": (
        "is changing the tables or publishing the forms",
        "正在更新数据表或发布表单",
    ),
    "purpose_tests": ("is running tests in the same database", "正在同一数据库中运行测试"),
    "checks_failed": ("Failed: {names}", "未通过：{names}"),
    "checks_passed": (
        "All {count} checks passed in {seconds} s",
        "{count} 项检查全部通过，用时 {seconds} 秒",
    ),
    "check_passed": ("passed", "通过"),
    "check_failed": ("FAILED", "未通过"),
    "remedy_format": (
        "./ruhu check --fix formats these files.",
        "运行 ./ruhu check --fix 即可排好格式。",
    ),
    "remedy_lint": (
        "./ruhu check --fix corrects what a program can; correct the rest by hand.",
        "./ruhu check --fix 可自动改正一部分，其余请手工修改。",
    ),
    "remedy_types": ("Correct the types in the lines above.", "请按上面的提示修改类型。"),
    "remedy_imports": (
        "Imports run downwards only: move the code to the room it belongs to (api_docs/architecture.md).",
        "只能从上层导入下层：请把代码移到它所属的模块（见 api_docs/architecture.md）。",
    ),
    "remedy_migrations": (
        "./ruhu makemigrations -n NAME writes the missing migration; read it before you commit it.",
        "./ruhu makemigrations -n 名称 会写出缺少的迁移文件；提交前请先检查。",
    ),
    "remedy_django": ("Follow Django's hints above.", "请按上面 Django 的提示修改。"),
    "remedy_templates": ("Correct the templates named above.", "请改正上面列出的模板。"),
    "remedy_generated": (
        "./ruhu generate writes these files; commit them together with the change.",
        "./ruhu generate 会重新生成这些文件；请与改动一起提交。",
    ),
    "remedy_translations": (
        "./ruhu messages brings django.po in step; then write the Chinese that is missing there.",
        "./ruhu messages 会更新 django.po；然后在其中补上缺少的中文。",
    ),
    "changed_tests": (
        "{changed} files differ from {base}; test files they concern: {count}",
        "与 {base} 相比有 {changed} 个文件不同；相关的测试文件：{count} 个",
    ),
    "reloading": ("Code has changed; restarting the worker", "代码已更改；正在重启后台处理"),
    "translations_compiled": ("Translations compiled", "界面翻译已编译"),
    "env_running": (
        "The tests' database runs until './ruhu env --stop' or a reboot.",
        "测试数据库会一直运行，直到执行 ./ruhu env --stop 或重启电脑。",
    ),
    "env_database": (
        "The database runs while './ruhu up' or './ruhu dev' runs; './ruhu env --test' starts that of the tests.",
        "数据库在 ./ruhu up 或 ./ruhu dev 运行期间可用；./ruhu env --test 会启动测试数据库。",
    ),
    # problems: one sentence each, with the remedy
    "interrupted": (
        "Stopped before the end; run the same command again to go on.",
        "中途停止；再次运行同一命令即可继续。",
    ),
    "port_taken": (
        "Port {port} on {host} is in use by another program: stop that program or choose another port with --port.",
        "{host} 的端口 {port} 已被其他程序占用：请停止该程序，或用 --port 换一个端口。",
    ),
    "port_forbidden": (
        "Port {port} may not be opened by this account: choose one above 1023 with --port.",
        "当前账号无权使用端口 {port}：请用 --port 换一个大于 1023 的端口。",
    ),
    "host_unknown": (
        "This machine has no address {host}: give one of its own addresses with --host, or 0.0.0.0 for all of them.",
        "本机没有地址 {host}：请用 --host 给出本机地址，或用 0.0.0.0 表示全部。",
    ),
    "already_running": (
        "Ruhu is already running from this folder (process {pid}, {url}): use it, or stop it with 'kill {pid}' first.",
        "本目录的入户已在运行（进程 {pid}，{url}）：直接使用，或先用 kill {pid} 停止它。",
    ),
    "no_sudo": (
        "These packages are missing and there is no sudo: ask an administrator to run 'apt-get install -y {names}', then run this again.",
        "缺少以下软件包且没有 sudo：请管理员运行 apt-get install -y {names}，然后重新运行。",
    ),
    "sudo_refused": (
        "sudo did not let this account install packages: ask an administrator to run 'apt-get install -y {names}', then run this again.",
        "sudo 不允许当前账号安装软件：请管理员运行 apt-get install -y {names}，然后重新运行。",
    ),
    "no_apt": (
        "This machine has no apt-get: install what corresponds to {names} by its own means, then run this again.",
        "本机没有 apt-get：请用本系统的方式安装与 {names} 对应的软件，然后重新运行。",
    ),
    "apt_failed": (
        "apt-get could not install {names}: check the network and the package sources (its output is in {log}), then run this again.",
        "apt-get 未能安装 {names}：请检查网络和软件源（详见 {log}），然后重新运行。",
    ),
    "no_postgresql": (
        "The package sources offer no PostgreSQL 15 or newer with PostGIS 3: use Debian 12, Ubuntu 24.04 or newer, or set DATABASE_URL to a server that has them.",
        "软件源中没有 PostgreSQL 15 及以上和 PostGIS 3：请使用 Debian 12、Ubuntu 24.04 或更新的系统，或用 DATABASE_URL 指定已有的数据库服务器。",
    ),
    "disk_full": (
        "The disk of {folder} is full or nearly so ({free} MB free, {need} MB needed): free some space, then run this again.",
        "{folder} 所在磁盘已满或空间不足（剩余 {free} MB，需要 {need} MB）：请清理空间后重新运行。",
    ),
    "not_ours": (
        "{path} belongs to {owner}: run this as {owner}, or give it back with 'sudo chown -R \"$USER\" {path}'.",
        '{path} 属于 {owner}：请以 {owner} 身份运行，或用 sudo chown -R "$USER" {path} 改回所有者。',
    ),
    "cluster_too_old": (
        "The database in {path} was made by PostgreSQL {version} but Ruhu needs 15 or newer: dump it with PostgreSQL {version}, move {path} away, run this again and load the dump with psql.",
        "{path} 中的数据库由 PostgreSQL {version} 创建，而入户需要 15 或更新版本：请用 PostgreSQL {version} 导出数据，移走 {path}，重新运行后再用 psql 导入。",
    ),
    "cluster_version_missing": (
        "The database in {path} needs PostgreSQL {version} with PostGIS 3, which is not installed: run 'apt-get install postgresql-{version} postgresql-{version}-postgis-3', then run this again.",
        "{path} 中的数据库需要 PostgreSQL {version} 和 PostGIS 3，但尚未安装：请运行 apt-get install postgresql-{version} postgresql-{version}-postgis-3，然后重新运行。",
    ),
    "key_lost": (
        "{path} is missing but the database holds data sealed with it: put the key back from where you keep it (or put in the medium of RUHU_KEYS_FILE), or give it in RUHU_SECRET_KEYS.",
        "缺少 {path}，而数据库中的数据是用它加密的：请从保管处恢复该密钥（或插入 RUHU_KEYS_FILE 所在的介质），或用 RUHU_SECRET_KEYS 提供。",
    ),
    "cluster_failed": (
        "The database did not start ({reason}): see {log}, correct that, then run this again.",
        "数据库未能启动（{reason}）：请查看 {log}，处理后重新运行。",
    ),
    "socket_unsafe": (
        "{path} exists but is not a private folder of {owner}: remove it, then run this again.",
        "{path} 已存在，但不是 {owner} 的私有目录：请删除后重新运行。",
    ),
    "database_unreachable": (
        "The database in DATABASE_URL does not answer or lacks PostGIS ({reason}): check the address, its account and 'CREATE EXTENSION postgis', then run this again.",
        "DATABASE_URL 指定的数据库没有响应或缺少 PostGIS（{reason}）：请检查地址、账号和 CREATE EXTENSION postgis，然后重新运行。",
    ),
    "step_failed": (
        "“{step}” failed ({reason}): its output is in {log}; correct that, then run this again.",
        "“{step}”失败（{reason}）：详见 {log}，处理后重新运行。",
    ),
    "download_failed": (
        "“{step}” could not be downloaded ({reason}): check the network, then run this again.",
        "“{step}”下载失败（{reason}）：请检查网络后重新运行。",
    ),
    "serve_failed": (
        "Web or worker did not become ready within {seconds} s: see the lines above and {log}, then run this again.",
        "网页服务或后台处理在 {seconds} 秒内没有就绪：请看上面的输出和 {log}，处理后重新运行。",
    ),
    "unexpected": (
        "The set-up failed unexpectedly ({reason}): the details are in {log}; running it again is safe.",
        "安装过程遇到未知问题（{reason}）：详情见 {log}；可以放心重新运行。",
    ),
    "unknown_check": (
        "There is no check '{name}': the checks are {names}.",
        "没有名为“{name}”的检查：可用的检查有 {names}。",
    ),
    "unknown_long_run": (
        "There is no long run '{name}': the runs are{listing}",
        "没有名为“{name}”的长时间测试：可用的有{listing}",
    ),
    "one_test_mode": (
        "{modes} cannot be given together: choose one of them.",
        "{modes} 不能同时使用：请只选一个。",
    ),
    "only_what": (
        "'./ruhu test --only' needs a path or '-k EXPRESSION': say which tests to run.",
        "./ruhu test --only 需要路径或“-k 表达式”：请指明要运行哪些测试。",
    ),
    "no_git": (
        "{folder} is no git clone, so what has changed is unknown: name the tests with --only.",
        "{folder} 不是 git 克隆，无法得知有哪些改动：请用 --only 指明测试。",
    ),
    "bad_words": (
        "{reason}; './ruhu --help' shows what there is.",
        "{reason}；用 ./ruhu --help 查看用法。",
    ),
    **SAFEKEEPING,
}

HELP = {
    "en": """Ruhu 入户 — the server behind door-to-door casework with ODK Collect

  ./ruhu up [--host 127.0.0.1] [--port 8000] [--processes 2] [--empty]
           [--tls-name NAME] [--tls-cert FILE --tls-key FILE] [--http-port 8000]
        set everything up and serve, until Ctrl-C; --empty makes no demo street
  ./ruhu dev [--port 8000]
        the same for developers: web and worker take up changed code
  ./ruhu backup to FOLDER | now | list | verify | keys FILE | off
        encrypted backups of database and files, kept up by ./ruhu up
  ./ruhu restore --keys FILE [--from FOLDER] [--at TIME]
        bring a backup back into a clone without data
  ./ruhu check [--fix] [CHECK…]
        format, lint, types, imports, migrations, templates, generated files, translations
  ./ruhu test [pytest's arguments]
        all checks and the whole suite
  ./ruhu test --only PATH… | -k EXPRESSION
        these tests at once, without checks, in a database that is kept
  ./ruhu test --changed
        the tests that the changes since origin/main concern
  ./ruhu test --long [RUN…]
        what is too long for the suite (tests/long.toml)
  ./ruhu env [--test] [--stop]
        variables for a shell, so that pytest or an editor runs directly
  ./ruhu COMMAND …          ('./ruhu COMMAND --help' tells more; Django's own commands work, too)
""",
    "zh": """Ruhu 入户 —— 配合 ODK Collect 的入户调查服务端

  ./ruhu up [--host 127.0.0.1] [--port 8000] [--processes 2] [--empty]
           [--tls-name 名称] [--tls-cert 文件 --tls-key 文件] [--http-port 8000]
        自动安装并启动，按 Ctrl-C 停止；--empty 表示不生成示范街道
  ./ruhu dev [--port 8000]
        供开发使用：代码改动后网页服务和后台处理自动重启
  ./ruhu backup to 目录 | now | list | verify | keys 文件 | off
        数据库和文件的加密备份，由 ./ruhu up 持续进行
  ./ruhu restore --keys 文件 [--from 目录] [--at 时间]
        把备份恢复到没有数据的克隆
  ./ruhu check [--fix] [检查项…]
        检查格式、规范、类型、导入、迁移、模板、生成的文件和翻译；--fix 自动改正
  ./ruhu test [pytest 参数]
        运行全部检查和全部测试
  ./ruhu test --only 路径… | -k 表达式
        立即运行指定的测试，不做检查，沿用已有的测试数据库
  ./ruhu test --changed
        运行与 origin/main 以来的改动相关的测试
  ./ruhu test --long [名称…]
        运行耗时较长、不在日常测试之内的测试（tests/long.toml）
  ./ruhu env [--test] [--stop]
        输出环境变量，便于直接运行 pytest 或编辑器
  ./ruhu 命令 …             （./ruhu 命令 --help 查看用法；Django 自带的命令也可使用）
""",
}
"""The first part of `./ruhu --help`; the list of management commands follows."""

COMMANDS: dict[str, str] = {
    "audit": "列出、导出操作日志，核查是否被人改动",
    "codes": "把 server/core/codes.csv 中的代码表写入各 XLSForm 的 choices 工作表",
    "conformance": "生成 OpenRosa 要求与对应测试的对照页",
    "database": "由数据模型生成数据库说明页",
    "demo": "生成示范街道：边界、家庭、用人单位、几个季度的走访，并带有真实数据常见的瑕疵",
    "dictionary": "由台帐字段定义生成数据字典",
    "divisions": "由 GeoJSON（WGS 84）导入区划及边界，或列出已有区划",
    "formtext": "把 xlsforms/ 中的工作簿写成文本，工作表每一行占一行，便于审阅改动",
    "generate": "重新生成所有由代码生成的文件，或检查它们是否为最新",
    "keys": "加密表单：生成或更换密钥，列出密钥和待解开的记录，提交私钥，解开记录",
    "import": "接收 ODK Central 的一个项目或 Briefcase 的文件夹：表单、记录、文件",
    "indicators": "由声明写出报表与指标说明",
    "machines": "由台帐声明画出状态图",
    "messages": "由源代码更新界面翻译 django.po 并编译，列出缺少中文的条目",
    "oldledger": "逐行检查 Excel 旧台帐能否读入，不保存任何内容",
    "openapi": "生成 REST 接口的 OpenAPI 文档",
    "problems": "生成调用方可能遇到的全部问题的列表",
    "publish": "发布 XLSForm 工作簿（.xlsx、.xls）或 XForm（.xml）",
    "quarantine": "列出未能收录的内容及原因；导出、收录或清除",
    "restored": "恢复之后核对文件并记入操作日志（由 ./ruhu restore 调用）",
    "migrate": "执行数据表变更，并使各数据库角色的行级策略与数据表一致",
    "policies": "核对或写入行级安全策略；--sql 显示自备数据库需由管理员执行的语句",
    "rules": "列出有起止日期的规则；试算新规则会改动哪些台帐记录，不写入",
    "rebuild": "根据收到的记录和案头决定重算全部台帐，逐列比对，改正不一致之处",
    "figures": "录入报表 R10 所需的普查数、上岗证和学习记录",
    "facts": "根据台帐重新计算报表所依据的事实",
    "retry": "重新读取旧版本读过的表单，再次处理出错的记录，重新计算旧版本的台帐",
    "role": "授予或撤销人员在某一区域的角色",
    "templates": "编译所有页面模板，指出有错误的模板",
    "user": "新增、列出、停用登录控制台的人员，重设密码，结束会话，关联统一身份认证",
    "worker": "新增社区协理员并给出 Collect 配置，列出，停用手机",
}
"""The Chinese line of `./ruhu --help` for each command; the English one is the command's own help."""


def language(environment: Mapping[str, str]) -> str:
    """ "zh" or "en", from LC_ALL, LC_MESSAGES or LANG, whichever is given first."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := environment.get(name):
            return "zh" if value.lower().startswith("zh") else "en"
    return "en"


def text(key: str, **data: object) -> str:
    """The sentence in the environment's language."""
    english, chinese = _SENTENCES[key]
    return (chinese if language(os.environ) == "zh" else english).format(**data)


def catalogue() -> Mapping[str, tuple[str, str]]:
    """All sentences: key → English, Chinese."""
    return _SENTENCES


class SetupProblem(Exception):
    """A fault that the person at the terminal can correct; its text is one sentence with the remedy."""

    def __init__(self, key: str, **data: object) -> None:
        self.key = key
        super().__init__(text(key, **data))
