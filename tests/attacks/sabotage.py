"""What the sandbox must catch: each of these does what no attack may bring the program to do."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable

import duckdb

from tests.attacks.attack import PATIENT, Place


def read_outside(place: Place) -> int:
    place.secret.read_text()
    return 0


def read_outside_by_library(place: Place) -> int:
    """No audit hook sees this."""
    with duckdb.connect() as connection:
        connection.execute(f"SELECT COUNT(*) FROM read_csv('{place.secret}')").fetchall()
    return 0


def write_outside_by_library(place: Place) -> int:
    with duckdb.connect() as connection:
        connection.execute(f"COPY (SELECT 1) TO '{place.written}'")
    place.written.unlink()
    return 0


def open_socket(_: Place) -> int:
    socket.create_connection(("192.0.2.1", 80), timeout=1)
    return 0


def start_process(_: Place) -> int:
    subprocess.run(["true"], check=True)
    return 0


def crash(_: Place) -> int:
    print("Error: the program failed unexpectedly")
    return 1


def die(_: Place) -> int:
    os.abort()


def hang(_: Place) -> int:
    while True:
        sum(range(1000))


def take_memory(_: Place) -> int:
    return len(bytearray(2_000_000_000)) * 0


def steer(_: Place) -> int:
    sys.stdout.write("\x1b[31mred")
    return 0


def tell_patient(_: Place) -> int:
    sys.stdout.write(f"row of {PATIENT}")
    return 0


def copy_secret(place: Place) -> int:
    (place.folder / "copy").write_bytes(b"content CANARY-5b1f-DO-NOT-READ")
    return 0


RUN: dict[str, Callable[[Place], int]] = {
    f"sabotage {one.__name__}": one
    for one in (
        read_outside,
        read_outside_by_library,
        write_outside_by_library,
        open_socket,
        start_process,
        crash,
        die,
        hang,
        take_memory,
        steer,
        tell_patient,
        copy_secret,
    )
}
