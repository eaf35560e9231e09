"""A real mail server: Debian's Postfix with TLS by a test authority, AUTH and IMAP by Dovecot, mail in Maildirs.

Runs on free loopback ports in a temporary folder. Postfix's master process needs root; its workers run as `postfix`,
mail is delivered as `nobody`.
"""

from __future__ import annotations

import datetime as dt
import imaplib
import ipaddress
import os
import pwd
import shutil
import socketserver
import ssl
import subprocess
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.state_server import free_port

PASSWORD = "postbox-and-key"
DOMAIN = "hospital.example"
_OWNER = "nobody"


@dataclass(frozen=True)
class MailServer:
    """A running server. Accounts have one password; ca_file is whom a client must trust."""

    folder: Path
    smtp_port: int
    imap_port: int
    ca_file: Path

    def read(self, user: str) -> list[bytes]:
        """Every mail in somebody's inbox, read over IMAP as a mail program reads it."""
        context = ssl.create_default_context(cafile=str(self.ca_file))
        with imaplib.IMAP4_SSL("localhost", self.imap_port, ssl_context=context, timeout=20) as client:
            client.login(f"{user}@{DOMAIN}", PASSWORD)
            client.select("INBOX", readonly=True)
            _, found = client.search(None, "ALL")
            parts = [client.fetch(number.decode(), "(BODY.PEEK[])")[1][0] for number in found[0].split()]
            return [part[1] for part in parts if isinstance(part, tuple)]

    def wait_for(self, user: str, n_mails: int, *, seconds: float = 30) -> list[bytes]:
        """Somebody's mails once there are so many; Postfix delivers after it has taken a mail."""
        last = time.monotonic() + seconds
        while len(mails := self.read(user)) < n_mails:
            if time.monotonic() > last:
                log = (self.folder / "mail.log").read_text(encoding="utf-8")
                pytest.fail(f"{user} has {len(mails)} mails, not {n_mails}; the server says:\n{log[-3000:]}")
            time.sleep(0.2)
        return mails

    def maildir(self, user: str) -> Path:
        return self.folder / "mail" / user


@contextmanager
def running_mail_server(
    people: Sequence[str], *, bouncing: Sequence[str] = (), greylisted: Sequence[str] = ()
) -> Iterator[MailServer]:
    """Starts it with inboxes for some people. bouncing: taken, and sent back later. greylisted: put off once."""
    _skip_without("/usr/sbin/postfix", "/usr/sbin/dovecot", "/usr/lib/dovecot/imap")
    folder = Path(tempfile.mkdtemp(prefix="kpi-mail-", dir="/tmp"))
    folder.chmod(0o755)
    grey = _start_greylist([f"{one}@{DOMAIN}" for one in greylisted])
    server = MailServer(folder, free_port(), free_port(), folder / "ca.pem")
    write_authority_and_certificate(folder)
    owner = pwd.getpwnam(_OWNER)
    (folder / "mail").mkdir()
    os.chown(folder / "mail", owner.pw_uid, owner.pw_gid)
    dovecot = _write_dovecot(server, owner)
    postfix = _write_postfix(server, owner, people, bouncing, policy_port=grey.server_address[1])
    try:
        _run("/usr/sbin/dovecot", "-c", dovecot)
        _run("/usr/sbin/postfix", "-c", postfix, "start")
        yield server
    finally:
        subprocess.run(["/usr/sbin/postfix", "-c", str(postfix), "abort"], capture_output=True, check=False)
        subprocess.run(["/usr/bin/doveadm", "-c", str(dovecot), "stop"], capture_output=True, check=False)
        grey.shutdown()
        grey.server_close()
        shutil.rmtree(folder, ignore_errors=True)


def _skip_without(*programs: str) -> None:
    """Skips and says why; in CI a server that was not installed is a failure. Nobody can be made root by a set-up."""
    if os.geteuid() != 0:
        pytest.skip("Postfix's master process needs root")
    missing = [program for program in programs if not Path(program).exists()]
    why = f"a real mail server needs {', '.join(missing)}: make mail-server" if missing else ""
    if why and os.environ.get("CI"):
        pytest.fail(why)
    if why:
        pytest.skip(why)


def _run(*command: str | Path) -> None:
    with tempfile.TemporaryFile() as said:  # no pipe: the servers that stay would hold it open
        done = subprocess.run([str(word) for word in command], stdout=said, stderr=said, check=False, cwd="/")
        said.seek(0)
        assert done.returncode == 0, f"{command}: {said.read().decode()}"


def _write_dovecot(server: MailServer, owner: pwd.struct_passwd) -> Path:
    folder = server.folder
    (folder / "queue").mkdir()
    file = folder / "dovecot.conf"
    file.write_text(
        f"""
base_dir = {folder}/dovecot
state_dir = {folder}/dovecot-state
log_path = {folder}/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = required
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
auth_mechanisms = plain login
mail_location = maildir:{folder}/mail/%n
first_valid_uid = 1
passdb {{
  driver = static
  args = password={PASSWORD}
}}
userdb {{
  driver = static
  args = uid={owner.pw_uid} gid={owner.pw_gid} home={folder}/mail/%n
}}
service imap-login {{
  inet_listener imap {{
    port = 0
  }}
  inet_listener imaps {{
    port = {server.imap_port}
    ssl = yes
  }}
}}
service auth {{
  unix_listener {folder}/queue/auth {{
    mode = 0666
  }}
}}
service anvil {{
  chroot =
}}
""",
        encoding="utf-8",
    )
    return file


def _write_postfix(
    server: MailServer, owner: pwd.struct_passwd, people: Sequence[str], bouncing: Sequence[str], *, policy_port: int
) -> Path:
    folder = server.folder
    config, data = folder / "postfix", folder / "data"
    config.mkdir()
    data.mkdir()
    shutil.chown(data, "postfix")
    boxes = "".join(f"{one}@{DOMAIN} {one}/\n" for one in (*people, *bouncing))
    (config / "boxes").write_text(boxes, encoding="utf-8")
    (config / "transport").write_text("".join(f"{one}@{DOMAIN} closed:\n" for one in bouncing), encoding="utf-8")
    (config / "main.cf").write_text(
        f"""
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {data}
maillog_file = {folder}/mail.log
maillog_file_prefixes = /tmp
myhostname = mx.{DOMAIN}
mydestination =
alias_maps =
local_recipient_maps =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
virtual_mailbox_domains = {DOMAIN}
virtual_mailbox_base = {folder}/mail
virtual_mailbox_maps = texthash:{config}/boxes
virtual_uid_maps = static:{owner.pw_uid}
virtual_gid_maps = static:{owner.pw_gid}
transport_maps = texthash:{config}/transport
smtpd_tls_cert_file = {folder}/cert.pem
smtpd_tls_key_file = {folder}/key.pem
smtpd_tls_security_level = may
smtpd_tls_auth_only = yes
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = auth
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_recipient_restrictions = check_policy_service inet:127.0.0.1:{policy_port}, permit_sasl_authenticated, reject
""",
        encoding="utf-8",
    )
    programs = {
        "defer": "bounce",
        "trace": "bounce",
        "rewrite": "trivial-rewrite",
        "retry": "error",
        "postlog": "postlogd",
    }
    most = {"cleanup": 0, "bounce": 0, "defer": 0, "trace": 0, "verify": 1, "anvil": 1, "tlsmgr": 1, "postlog": 1}
    names = "cleanup bounce defer trace verify rewrite proxymap error retry virtual smtp anvil tlsmgr postlog".split()
    lines = [f"127.0.0.1:{server.smtp_port} inet n - n - - smtpd", "pickup unix n - n 60 1 pickup",
             "qmgr unix n - n 300 1 qmgr",
             # A next hop that says after the mail was taken: no such user (sysexits.h).
             f"closed unix - n n - - pipe user={_OWNER} argv=/bin/sh -c {{exit 67}}"]  # fmt: skip
    for name in names:
        kind = "unix-dgram" if name == "postlog" else "unix"
        private = "n" if name in ("postlog", "cleanup") else "-"
        unprivileged = "n" if name == "virtual" else "-"
        lines.append(f"{name} {kind} {private} {unprivileged} n - {most.get(name, '-')} {programs.get(name, name)}")
    (config / "master.cf").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return config


def _start_greylist(addresses: Sequence[str]) -> socketserver.ThreadingTCPServer:
    """A policy server as Postfix asks one (SMTPD_POLICY_README): some addresses are put off the first time."""
    asked: Counter[str] = Counter()

    class Policy(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            question: dict[str, str] = {}
            for raw in self.rfile:
                name, _, value = raw.decode().strip().partition("=")
                if name:
                    question[name] = value
                    continue
                recipient = question.get("recipient", "").lower()
                asked[recipient] += 1
                is_first = recipient in addresses and asked[recipient] == 1
                answer = "defer 4.7.1 greylisted, try again later" if is_first else "dunno"
                self.wfile.write(f"action={answer}\n\n".encode())
                question = {}

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address, daemon_threads, block_on_close = True, True, False

    server = Server(("127.0.0.1", 0), Policy)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    return server


def write_authority_and_certificate(folder: Path) -> None:
    """`ca.pem`, and a certificate it signed for localhost: `cert.pem`, `key.pem`."""
    authority, own = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority")])
    ca = _certificate(issuer, authority, issuer, authority, [(x509.BasicConstraints(ca=True, path_length=0), True)])
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    leaf = _certificate(subject, own, issuer, authority, [(names, False)])
    (folder / "ca.pem").write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    (folder / "cert.pem").write_bytes(leaf.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        own.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    (folder / "key.pem").chmod(0o600)


def _certificate(subject: x509.Name, key: Any, issuer: x509.Name, issuer_key: Any, extensions: Any) -> x509.Certificate:
    now = dt.datetime.now(dt.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=2))
    )
    for extension, is_critical in extensions:
        builder = builder.add_extension(extension, is_critical)
    return builder.sign(issuer_key, hashes.SHA256())
