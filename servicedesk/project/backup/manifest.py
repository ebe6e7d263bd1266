"""What a backup says of itself, and whether it is whole."""

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

NAME = "manifest.json"
DUMP = "database.dump"
FILES = "files"
SECRETS = "secrets"
FORMAT = 1
CHUNK = 1024 * 1024


class BackupError(RuntimeError):
    """A backup or restore that does not go on; the message is a sentence for the operator."""


class Part(BaseModel):
    """One file of the backup."""

    model_config = ConfigDict(extra="forbid", strict=True)

    bytes: int
    sha256: str


class Manifest(BaseModel):
    """`manifest.json`. `postgresql` is the major version of the server, `tool` that of the pg_dump that was used."""

    model_config = ConfigDict(extra="forbid", strict=True)

    format: int = FORMAT
    made_at: str
    release: str
    postgresql: int
    tool: int
    tables: dict[str, int]
    migrations: dict[str, list[str]]
    missing_files: list[str]
    parts: dict[str, Part]

    @property
    def rows(self) -> int:
        """Of all tables together."""
        return sum(self.tables.values())

    @property
    def bytes(self) -> int:
        """Of all parts together."""
        return sum(part.bytes for part in self.parts.values())

    @property
    def files(self) -> list[str]:
        """Names of the attachments, below the folder of files."""
        return [name.removeprefix(f"{FILES}/") for name in self.parts if name.startswith(f"{FILES}/")]


def write(folder: Path, manifest: Manifest) -> None:
    """The last step: all else is on the disk by then, and the name appears with the whole content or not at all."""
    os.sync()
    draft = folder / f"{NAME}.new"
    with draft.open("w") as file:
        file.write(manifest.model_dump_json(indent=1))
        file.flush()
        os.fsync(file.fileno())
    draft.rename(folder / NAME)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read(folder: Path) -> Manifest:
    """The manifest of a backup whose parts are all there and as they were written; else a sentence."""
    try:
        content: Any = json.loads((folder / NAME).read_bytes())
    except FileNotFoundError:
        raise BackupError(f"{folder} holds no whole backup: there is no {NAME} in it.") from None
    except OSError as error:
        raise BackupError(f"{folder / NAME} cannot be read ({error.strerror}).") from error
    except ValueError:
        raise BackupError(f"{folder / NAME} is damaged.") from None
    if isinstance(content, dict) and content.get("format") != FORMAT:
        raise BackupError(
            f"{folder} was made by another release whose form of backups this one does not know."
        )
    try:
        manifest = Manifest.model_validate(content)
    except ValidationError:
        raise BackupError(f"{folder / NAME} is damaged.") from None
    for name, part in manifest.parts.items():
        _compare(folder, name, part)
    return manifest


def _compare(folder: Path, name: str, part: Part) -> None:
    path = folder / name
    if Path(name).is_absolute() or ".." in Path(name).parts:
        raise BackupError(f"{folder / NAME} names a file outside of the backup: {name}.")
    try:
        found = digest(path) if path.stat().st_size == part.bytes else None
    except OSError as error:
        raise BackupError(f"{path} belongs to the backup and cannot be read ({error.strerror}).") from error
    if found != part.sha256:
        raise BackupError(f"{path} is not as it was when the backup was made: the backup is damaged.")


def describe(path: Path) -> Part:
    """Size and digest of a file."""
    return Part(bytes=path.stat().st_size, sha256=digest(path))


def digest(path: Path) -> str:
    """SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def copy(source: Path, target: Path) -> Part:
    """Copy a file under a name that appears when it is whole (mode 0600, folders 0700); size and digest of what was copied."""
    total, seen = 0, hashlib.sha256()
    for folder in reversed([*_missing(target.parent)]):
        folder.mkdir(mode=0o700, exist_ok=True)
    draft = target.with_name(f".{target.name}.part")
    try:
        with source.open("rb") as old, open(draft, "wb", opener=_private) as new:
            while block := old.read(CHUNK):
                new.write(block)
                seen.update(block)
                total += len(block)
        draft.rename(target)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    return Part(bytes=total, sha256=seen.hexdigest())


def write_private(target: Path, text: str) -> None:
    """A small file of mode 0600 that appears whole."""
    target.parent.mkdir(mode=0o700, exist_ok=True)
    draft = target.with_name(f".{target.name}.part")
    with open(draft, "w", opener=_private) as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(target)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _missing(folder: Path) -> Iterator[Path]:
    while not folder.exists():
        yield folder
        folder = folder.parent
