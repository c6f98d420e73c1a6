"""Sentences of the set-up about backups, restores and TLS, in English and Chinese."""

from __future__ import annotations

SAFEKEEPING: dict[str, tuple[str, str]] = {
    "step_certificate": ("Certificate", "证书"),
    "step_backup": ("Backup", "备份"),
    "step_backup_tools": ("Backup programs", "备份软件"),
    "step_verify_files": ("Trial: stored files", "试恢复：已存文件"),
    "step_verify_audit": ("Trial: audit log", "试恢复：操作日志"),
    "step_verify_rebuild": ("Trial: rebuild of a division", "试恢复：重算一个区划"),
    "step_restore_database": ("Database from the backup", "从备份恢复数据库"),
    "step_restore_files": ("Files from the backup", "从备份恢复文件"),
    "step_recover": ("Database's log from the backup", "从备份恢复数据库日志"),
    "step_restored": ("Check of what was restored", "核对恢复的内容"),
    "tls_own": (
        "The certificate is of this office's own authority. Browsers trust it once {authority} is imported (fingerprint SHA-256 {fingerprint}). ODK Collect does not trust such authorities: phones cannot connect by https.",
        "证书由本机构自己的证书机构签发。浏览器导入 {authority} 后即信任（SHA-256 指纹 {fingerprint}）。ODK Collect 不信任此类机构：手机无法通过 https 连接。",
    ),
    "tls_phones_plain": (
        "Phones connect to {url} with user name and password made by 'worker add' (Digest), or by QR code; records and codes cross the network in the open there: on a closed network only. A certificate of a public name (--tls-cert) ends that.",
        "手机通过 {url} 连接，使用 worker add 生成的用户名和密码（Digest）或二维码；记录和接入码在网络上是明文：只应在封闭的内部网络中使用。使用公网域名的证书（--tls-cert）即可避免。",
    ),
    "tls_public": (
        "The certificate is of a public authority: browsers and ODK Collect can connect.",
        "证书由公共证书机构签发：浏览器和 ODK Collect 均可连接。",
    ),
    "tls_unknown": (
        "This machine does not trust the certificate of {name}: ODK Collect will not connect unless it is of a public authority and its file holds the whole chain.",
        "本机不信任 {name} 的证书：除非证书由公共证书机构签发且文件包含完整证书链，否则 ODK Collect 无法连接。",
    ),
    "never": ("never", "从未"),
    "backup_begun": (
        "The first backup is in {place}. While './ruhu up' runs, another point follows every {each} s.",
        "首次备份已保存到 {place}。./ruhu up 运行期间，每 {each} 秒保存一次。",
    ),
    "backup_next_start": (
        "Backups to {place} begin when './ruhu up' is started again.",
        "重新启动 ./ruhu up 后开始备份到 {place}。",
    ),
    "backup_keep_keys": (
        "Without its keys a backup is worthless, and with them anybody reads it: './ruhu backup keys FILE' writes them; keep FILE away from this machine and from the backup. (The backup's passphrase is in {file}.)",
        "没有密钥，备份毫无用处；有了密钥，任何人都能读取备份：./ruhu backup keys 文件 会写出密钥，请与本机和备份分开保管。（备份口令在 {file}。）",
    ),
    "backup_ended": (
        "Backups end with the next start of './ruhu up'; what is in {place} stays.",
        "下次启动 ./ruhu up 后不再备份；{place} 中的内容保留。",
    ),
    "backup_made": ("Backed up to {place}, as of {at}.", "已备份到 {place}，截至 {at}。"),
    "backup_state": (
        "Newest point: {point}. Last trial restore: {verified}.",
        "最近备份点：{point}。最近一次试恢复：{verified}。",
    ),
    "backup_failed": ("Backup failed: {reason}", "备份失败：{reason}"),
    "backup_verified": (
        "The backup as of {at} was restored on trial; counts, audit log, a rebuild and the files looked at are right.",
        "截至 {at} 的备份已试恢复成功：行数、操作日志、重算结果和抽查的文件均正确。",
    ),
    "backup_keys_written": (
        "{file} has everything that a restore needs beside the backup. Write it again after 'keys rotate-sealing'.",
        "{file} 包含恢复所需的全部密钥。运行 keys rotate-sealing 之后请重新写出。",
    ),
    "backup_keys_half": (
        "{file} has the key of the backup, but not the sealing key, which RUHU_KEYS_COMMAND gives: a restore needs that, too.",
        "{file} 包含备份口令，但不含由 RUHU_KEYS_COMMAND 提供的加密密钥：恢复时同样需要它。",
    ),
    "restored": (
        "Restored as of {at}. What came later is lost here: let everybody who sent or decided something after that look. Start with './ruhu up'; './ruhu backup to' begins new backups.",
        "已恢复到 {at}。此后的内容在这里已丢失：请此后发送过记录或做过处理的人员核对。用 ./ruhu up 启动；./ruhu backup to 重新开始备份。",
    ),
    "purpose_backup": ("is making or trying a backup", "正在备份或试恢复"),
    "backup_off": (
        "Backups are not configured: './ruhu backup to FOLDER' begins them.",
        "尚未配置备份：./ruhu backup to 目录 即可开始。",
    ),
    "backup_external": (
        "The database in DATABASE_URL is not backed up by this command: use its own server's tools, and copy the stored files (var/blobs) and the sealing key yourself.",
        "本命令不备份 DATABASE_URL 指定的数据库：请使用该数据库服务器自己的备份工具，并自行复制已存文件（var/blobs）和加密密钥。",
    ),
    "backup_no_folder": (
        "{folder} is no folder: make it, or mount its disk, then run this again.",
        "{folder} 不是目录：请先建立目录或挂载磁盘，然后重新运行。",
    ),
    "backup_not_there": (
        "{folder} is not the folder that was configured (its disk may not be mounted): mount it, or run './ruhu backup to' again.",
        "{folder} 不是当初配置的目录（磁盘可能没有挂载）：请挂载磁盘，或重新运行 ./ruhu backup to。",
    ),
    "backup_unreachable": (
        "The database's account {owner} cannot enter {folder} or a folder above it: choose a folder elsewhere, for instance below /srv or /mnt.",
        "数据库账号 {owner} 无法进入 {folder} 或其上级目录：请选择其他目录，例如 /srv 或 /mnt 之下。",
    ),
    "backup_s3_lacks": (
        "S3 needs a bucket, --endpoint, and AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment.",
        "S3 需要存储桶、--endpoint，以及环境变量 AWS_ACCESS_KEY_ID 和 AWS_SECRET_ACCESS_KEY。",
    ),
    "backup_key_lost": (
        "{path} is missing: put it back from the file that './ruhu backup keys' wrote (its line 'backup'), or delete var/backup and begin new backups.",
        "缺少 {path}：请用 ./ruhu backup keys 写出的文件（backup 一行）恢复它，或删除 var/backup 后重新开始备份。",
    ),
    "backup_not_begun": (
        "The running database does not archive its log yet: end './ruhu up' and start it again, then run this again.",
        "正在运行的数据库尚未归档日志：请停止并重新启动 ./ruhu up，然后重新运行。",
    ),
    "backup_archive_late": (
        "The database's log was not archived in time: see {log}, correct that; the next attempt follows by itself.",
        "数据库日志未能及时归档：请查看 {log} 并处理；系统会自动重试。",
    ),
    "backup_empty": (
        "There is no backup in {place} that this key opens: check the place and the key file.",
        "{place} 中没有可用此密钥打开的备份：请检查位置和密钥文件。",
    ),
    "verify_counts": (
        "The trial restore has {found} rows in {table} where there are {expected}: make a full backup at once with './ruhu backup now --full', and keep the old ones.",
        "试恢复后 {table} 有 {found} 行，应为 {expected} 行：请立即运行 ./ruhu backup now --full 做完整备份，并保留旧备份。",
    ),
    "no_recovery_file": (
        "{path} cannot be used as the file of keys ({reason}).",
        "{path} 不能用作密钥文件（{reason}）。",
    ),
    "restore_not_empty": (
        "{path} has data already: restore into a new clone, or move {path} and var/blobs away first.",
        "{path} 中已有数据：请在新的克隆中恢复，或先移走 {path} 和 var/blobs。",
    ),
    "restore_other_key": (
        "{path} holds other keys than the backup needs: move it away, then run this again.",
        "{path} 中的密钥与备份所需的不同：请移走该文件，然后重新运行。",
    ),
    "restore_unfinished": (
        "A restore into {path} was interrupted: run './ruhu restore' again.",
        "对 {path} 的恢复被中断：请重新运行 ./ruhu restore。",
    ),
    "tls_pair": (
        "Give --tls-cert and --tls-key together, or --tls-name alone.",
        "请同时给出 --tls-cert 和 --tls-key，或只给出 --tls-name。",
    ),
    "tls_bad": (
        "{certificate} and {private} are not a certificate and its key that can be read ({reason}).",
        "{certificate} 和 {private} 不是可读取的证书及其私钥（{reason}）。",
    ),
    "tls_name": (
        "The certificate is not for {name} but for {names}: give --tls-name accordingly, or another certificate.",
        "证书不适用于 {name}，而适用于 {names}：请相应修改 --tls-name，或更换证书。",
    ),
}
