"""A mail server for tests: TLS by a certificate authority of its own, AUTH, and what may go wrong, by recipient."""

from __future__ import annotations

import base64
import datetime as dt
import ipaddress
import socket
import socketserver
import ssl
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from kpi_pipeline.core.delivery_settings import MailSettings

PASSWORD = "correct horse"


@dataclass
class Sink:
    """What arrived, and what is to go wrong. script: recipient → what happens to it.

    grey (4xx once), soft (4xx always), nouser (5xx), drop_before (before the body), drop_during (after 354), drop_after
    (body taken, no reply), drop_forget (body not taken, no reply), drop_reply (body taken, `25` of `250` comes),
    drop_rcpt (`25` of `250` comes before the body), body4 and body5 (refused after the body), slow (body taken, the
    reply trickles in). faults: how often each of them happened. greeting `slow`: it trickles in.
    """

    script: dict[str, str] = field(default_factory=dict)
    greeting: str = "220 sink ESMTP"
    offers_starttls: bool = True
    size: int = 50_000_000
    messages: list[tuple[str, bytes, bool]] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    server: Any = None

    @property
    def port(self) -> int:
        return int(self.server.server_address[1])

    def taken(self) -> Counter[str]:
        return Counter(recipient for recipient, _, _ in self.messages)

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def start_sink(folder: Path, *, implicit: bool = False, days: int = 2, name: str = "localhost", **options: Any) -> Sink:
    certificate, key = write_certificate(folder, days=days, name=name)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    sink = Sink(**options)

    class Session(_Session):
        pass

    Session.sink, Session.context, Session.implicit = sink, context, implicit

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address, daemon_threads, block_on_close = True, True, False

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A client that was killed is no news."""

    sink.server = Server(("127.0.0.1", 0), Session)
    threading.Thread(target=sink.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    return sink


def settings_for(sink: Sink, folder: Path, **changes: Any) -> MailSettings:
    given = {
        "host": "localhost", "port": sink.port, "tls": "starttls", "user": "kpi", "ca_file": folder / "cert.pem",
        "sender": "reports@hospital.example", "timeout_seconds": 5.0, **changes,
    }  # fmt: skip
    return MailSettings(**given)


def write_certificate(folder: Path, *, days: int = 2, name: str = "localhost") -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    names = x509.SubjectAlternativeName([x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=10))
        .not_valid_after(now + dt.timedelta(days=days))
        .add_extension(names if name == "localhost" else x509.SubjectAlternativeName([x509.DNSName(name)]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    certificate, private = folder / "cert.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate, private


class _Session(socketserver.BaseRequestHandler):
    sink: Sink
    context: ssl.SSLContext
    implicit: bool

    def handle(self) -> None:
        self.request.settimeout(20)
        self.tls = self.implicit
        if self.implicit:
            self.request = self.context.wrap_socket(self.request, server_side=True)
        self.reader = self.request.makefile("rb")
        if self.sink.greeting == "slow":
            self.trickle(b"220 sink ESMTP\r\n")
        else:
            self.say(self.sink.greeting)
        self.recipients: list[str] = []
        while line := self.reader.readline():
            words = line.decode().strip()
            verb = words.split(" ")[0].upper()
            if verb == "QUIT":
                self.say("221 bye")
                return
            if not self.answer(verb, words):
                self.request.shutdown(socket.SHUT_RDWR)
                return

    def finish(self) -> None:
        """The socket that TLS wrapped is ours to close."""
        if reader := getattr(self, "reader", None):
            reader.close()
        self.request.close()

    def answer(self, verb: str, words: str) -> bool:
        """False closes the connection."""
        if verb == "EHLO":
            lines = ["sink", f"SIZE {self.sink.size}", "DSN", "8BITMIME"]
            lines += ["AUTH PLAIN LOGIN"] if self.tls else ["STARTTLS"] if self.sink.offers_starttls else []
            self.say(*(f"250-{one}" for one in lines[:-1]), f"250 {lines[-1]}")
        elif verb == "STARTTLS":
            self.say("220 go ahead")
            self.reader.close()
            self.request = self.context.wrap_socket(self.request, server_side=True)
            self.reader, self.tls = self.request.makefile("rb"), True
        elif verb == "AUTH":
            given = base64.b64decode(words.split(" ")[-1]).split(b"\0")
            self.say("235 ok" if given[1:] == [b"kpi", PASSWORD.encode()] else "535 5.7.8 no")
        elif verb == "RCPT":
            return self.recipient(words.split("<")[1].split(">")[0])
        elif verb == "DATA":
            return self.data()
        else:
            self.recipients = [] if verb in ("RSET", "MAIL") else self.recipients
            self.say("250 ok")
        return True

    def recipient(self, address: str) -> bool:
        self.sink.seen[address] += 1
        what = self.sink.script.get(address, "")
        if what in ("nouser", "soft", "drop_before", "drop_rcpt") or (what == "grey" and self.sink.seen[address] == 1):
            self.sink.faults[what] += 1
        if what == "nouser":
            self.say("550 5.1.1 no such user")
        elif what == "soft" or (what == "grey" and self.sink.seen[address] == 1):
            self.say("451 4.7.1 greylisted, try later")
        elif what in ("drop_before", "drop_rcpt"):
            self.request.sendall(b"25" if what == "drop_rcpt" else b"")
            return False
        else:
            self.recipients.append(address)
            self.say("250 ok")
        return True

    def data(self) -> bool:
        (address,) = self.recipients
        what = self.sink.script.get(address, "")
        self.say("354 go on")
        if what in ("drop_during", "drop_after", "drop_forget", "drop_reply", "body4", "body5", "slow"):
            self.sink.faults[what] += 1
        if what == "drop_during":
            self.request.recv(100)
            return False
        lines = []
        while (line := self.reader.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        if line == b"":
            return False  # the client died while sending: an incomplete body is not a mail
        if what in ("body4", "body5"):
            self.say("452 4.3.1 full" if what == "body4" else "554 5.6.0 refused")
            return True
        if what == "drop_forget":
            return False
        self.sink.messages.append((address, b"".join(lines), self.tls))
        if what in ("drop_after", "drop_reply"):
            self.request.sendall(b"25" if what == "drop_reply" else b"")
            return False
        if what == "slow":
            self.trickle(b"250 2.0.0 queued\r\n")
        else:
            self.say("250 2.0.0 queued")
        return True

    def say(self, *lines: str) -> None:
        self.request.sendall("".join(f"{line}\r\n" for line in lines).encode())

    def trickle(self, line: bytes) -> None:
        """One letter after the other: each comes in time, the line never does."""
        for letter in line:
            self.request.sendall(bytes([letter]))
            time.sleep(0.3)
