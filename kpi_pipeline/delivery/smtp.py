"""Talking to the mail server: verified TLS, one envelope per recipient, and what is known when it breaks off.

Three ends that matter: the server took it, it surely did not, or nobody knows (`UncertainError`): the connection was
lost after the body began. Each step has a deadline as a whole: a server that trickles bytes cannot hold a sender.
"""

from __future__ import annotations

import ipaddress
import os
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from kpi_pipeline.core.delivery_settings import MailSettings
from kpi_pipeline.core.errors import DefinitionError, Fault
from kpi_pipeline.core.secrets import read_secret
from kpi_pipeline.delivery.points import reached

_LOOPBACK = "localhost"
SMALLER = "give this person `form: notice`, then kpi outbox retry"
"""What helps where a server takes no mail of this size."""


class UncertainError(Exception):
    """The connection was lost after the body began: the server may have taken the mail, or not."""


class RefusedError(Exception):
    """The server refused the mail: for good (5xx), or for now (4xx)."""

    def __init__(self, code: int, said: bytes | str):
        self.is_for_now = 400 <= code < 500
        text = said.decode(errors="replace") if isinstance(said, bytes) else said
        super().__init__(f"{code} {text}")


class UnreachableError(Exception):
    """No usable connection: nothing was sent, and nothing can be until it is mended."""


def open_connection(mail: MailSettings, *, environment: Mapping[str, str] | None = None) -> smtplib.SMTP:
    """A connection ready to send: TLS verified, logged in where a user is set. Raises UnreachableError."""
    known = os.environ if environment is None else environment
    password = read_secret("KPI_SMTP_PASSWORD", whose=mail.user, environment=known) if mail.user else ""
    if mail.tls == "none" and not is_loopback(mail.host):
        what = f"tls: none would send reports in clear text to {mail.host}."
        raise DefinitionError(Fault("settings", what, "Use starttls or implicit; clear text is for loopback only."))
    context = ssl.create_default_context(cafile=str(mail.ca_file) if mail.ca_file else None)
    server = (
        _ImplicitTls(timeout=mail.timeout_seconds, context=context)
        if mail.tls == "implicit"
        else smtplib.SMTP(timeout=mail.timeout_seconds)
    )
    try:
        with _deadline(server, mail.timeout_seconds):
            vars(server)["_host"] = mail.host  # the name the certificate is checked against
            code, _ = server.connect(mail.host, mail.port)
            if code != 220:
                raise UnreachableError(f"no connection to the mail server: it greets with {code}")
            server.ehlo()
            if mail.tls == "starttls":
                if not server.has_extn("starttls"):
                    raise UnreachableError("the server offers no STARTTLS; nothing is sent in clear text")
                server.starttls(context=context)
                server.ehlo()
            if mail.user:
                server.login(mail.user, password)
    except ssl.SSLCertVerificationError as error:
        server.close()
        raise UnreachableError(f"the server's certificate is not accepted: {error.verify_message}") from error
    except smtplib.SMTPAuthenticationError as error:
        server.close()
        raise UnreachableError(f"the server refuses our login ({error.smtp_code})") from error
    except (smtplib.SMTPException, OSError, ValueError) as error:
        server.close()
        raise UnreachableError(f"no connection to the mail server ({type(error).__name__})") from error
    except UnreachableError:
        server.close()
        raise
    return server


def deliver(
    server: smtplib.SMTP, sender: str, recipient: str, content: bytes, *, envelope_id: str, seconds: float
) -> str:
    """Sends one mail in one envelope; returns the server's reply.

    Raises RefusedError, UncertainError, or SMTPException and OSError where the connection broke before the body began.
    """
    with _deadline(server, seconds) as is_over:
        limit = int(server.esmtp_features.get("size") or 0) if server.does_esmtp else 0
        if limit and len(content) > limit:
            raise RefusedError(552, f"the mail has {len(content):,} bytes, the server takes {limit:,}: {SMALLER}")
        options = [f"SIZE={len(content)}"] if limit else []
        notify = []
        if server.has_extn("dsn"):
            options += ["RET=HDRS", f"ENVID={envelope_id}"]
            notify = ["NOTIFY=FAILURE,DELAY"]
        _expect(server, server.mail(sender, options))
        _expect(server, server.rcpt(recipient, notify))
        code, said = server.docmd("DATA")
        if code != 354:
            _expect(server, (code, said))
        reached("send.body")
        try:
            server.send(_as_data(content))
            code, said = server.getreply()
        except (smtplib.SMTPException, OSError) as error:
            raise UncertainError(f"the connection was lost after the body began ({type(error).__name__})") from error
        if is_over() or not _is_reply(code):
            raise UncertainError("the server's reply to the body was cut off")
    reached("send.answered")
    if code != 250:
        raise RefusedError(code, said)
    return f"{code} {said.decode(errors='replace')}"


def is_loopback(host: str) -> bool:
    """Whether a host is this machine itself."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == _LOOPBACK


class _ImplicitTls(smtplib.SMTP_SSL):
    """Keeps the bare socket where the deadline can reach it during the handshake."""

    def _get_socket(self, host: str, port: int, timeout: float) -> ssl.SSLSocket:
        self.sock = socket.create_connection((host, port), timeout)
        return self.context.wrap_socket(self.sock, server_hostname=host)


def _as_data(content: bytes) -> bytes:
    """The body as SMTP wants it (RFC 5321, 4.5.2): lines end in CRLF, a leading dot is doubled, a dot ends it."""
    lines = content.replace(b"\r\n", b"\n").rstrip(b"\n").split(b"\n")
    return b"\r\n".join(b"." + line if line.startswith(b".") else line for line in lines) + b"\r\n.\r\n"


def _expect(server: smtplib.SMTP, reply: tuple[int, bytes]) -> None:
    code, said = reply
    if code in (250, 251):
        return
    if code == 421 or not _is_reply(code):
        server.close()
        raise smtplib.SMTPServerDisconnected("the server closed the connection")
    server.rset()
    raise RefusedError(code, said)


def _is_reply(code: int) -> bool:
    """Whether a number is a reply code: of a line that is cut off smtplib reads what there is, `25` of `250`."""
    return 200 <= code < 600


@contextmanager
def _deadline(server: smtplib.SMTP, seconds: float) -> Iterator[Callable[[], bool]]:
    """Breaks the connection when the block takes longer as a whole; smtplib's own limit is for each read alone.

    Gives a function that says whether it did.
    """
    over = threading.Event()

    def break_off() -> None:
        over.set()
        if server.sock is not None:
            try:
                server.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                return  # closed already

    timer = threading.Timer(seconds, break_off)
    timer.daemon = True
    timer.start()
    try:
        yield over.is_set
    finally:
        timer.cancel()
