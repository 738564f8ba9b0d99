"""Writes files that outlast a crash: whole or not at all, and on the disk before anyone is told."""

import errno
import os
import secrets
from pathlib import Path


def write_durably(path: Path, content: bytes) -> None:
    """Write a file that nobody reads yet, and wait until the disk has it."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def replace_whole(path: Path, content: bytes) -> None:
    """Put `content` in the place of a file; whoever reads it sees all of the old or all of the new.

    The file keeps its mode. OSError (a full disk, say) leaves the old one, and nothing beside it.
    """
    draft = path.with_name(f"{path.name}-{secrets.token_hex(8)}.draft")
    try:
        write_durably(draft, content)
        if path.exists():
            draft.chmod(path.stat().st_mode)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(path.parent)


def append_durably(path: Path, content: bytes) -> None:
    """Add `content` to the end of a file, made when missing, in one write; else OSError."""
    is_new = not path.exists()
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        if os.write(handle, content) < len(content):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(handle)
    finally:
        os.close(handle)
    if is_new:
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make new names in `folder` last through a power cut (POSIX keeps names in the folder)."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
