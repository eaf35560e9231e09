"""Reads packed files (.gz, .zst) bounded: what unpacks to more than the limit, or out of nearly nothing, is refused."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.core.settings import Limits

_CHUNK = 1 << 20
_MOST_PACKED, _FROM_BYTES = 200, 100_000_000
"""Rows pack to a fifth, or a thirtieth; to a two-hundredth only what repeats one row for ever."""
BROKEN_ARCHIVE = (OSError, EOFError, zlib.error, ValueError)


def is_packed(path: Path) -> bool:
    """Whether the file's ending says so."""
    return path.suffix.lower() in (".gz", ".zst")


def unpacked_chunks(path: Path, name: str, limits: Limits) -> Iterator[bytes]:
    """A packed file's content, a piece at a time. Raises InputError for a broken archive and for a bomb."""
    size, packed = 0, path.stat().st_size
    try:
        with open_packed(path) as stream:
            while chunk := stream.read(_CHUNK):
                size += len(chunk)
                if size > limits.unpacked_gb * 1_000_000_000:
                    what = f"unpacks to more than {limits.unpacked_gb:g} GB."
                    raise InputError(Fault(name, what, "Split it, or raise limits: unpacked_gb in kpi.yaml."))
                if size > _FROM_BYTES and size > _MOST_PACKED * packed:
                    what = f"unpacks to more than {_MOST_PACKED} times its size, as no table does."
                    raise InputError(Fault(name, what, "Unpack it, look at it, and send it as it is if it is right."))
                yield chunk
    except BROKEN_ARCHIVE as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise InputError(Fault(name, "is not a readable packed file.", "Pack or copy it again.")) from error


@contextmanager
def open_packed(path: Path) -> Iterator[BinaryIO]:
    """The stream of a packed file's content."""
    if path.suffix.lower() == ".gz":
        with gzip.open(path, "rb") as stream:
            yield cast(BinaryIO, stream)
        return
    import pyarrow  # type: ignore[import-untyped]

    with pyarrow.input_stream(str(path), compression="zstd") as stream:
        yield cast(BinaryIO, stream)
