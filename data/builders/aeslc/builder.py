"""TFDS builder of AESLC, emails with their subject lines (Zhang & Tetreault 2019), at a fixed commit.

The builder `aeslc` of TFDS downloads the archive of the newest commit. Its checksum has changed since two files were
added to the repository, so that preparing the data set fails. Data that were prepared with that builder are equal and
in the same folder, and are used as they are.

GitHub does not guarantee that an archive stays equal byte for byte, so the checksums are those of the emails.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import tensorflow_datasets as tfds

from schema.errors import RunError

_COMMIT = "57de102f0f573226ccf30c57639fa62dd709628b"
_URL = f"https://github.com/ryanzhumich/AESLC/archive/{_COMMIT}.zip"

PARTS = {"train": "train", "validation": "dev", "test": "test"}
DIGESTS = {
    "train": "5e25a906c06bf8853a835c3223d38ee85e8ac0a8884301c92ecdf0c08fafe12b",
    "validation": "e1ecd83ec6a108eafb1038e7fa6e8170d51aa2285882bd8845bebb9d0588500f",
    "test": "9dd6c5569a8fbaa5b1d29d47669483db7ee06180695f3fe9fe1816b6ba131d5c",
}
"""Split -> `digest` of its emails."""


class Aeslc(tfds.core.GeneratorBasedBuilder):
    """Emails with their subject lines; splits `train`, `validation` and `test`."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": f"Commit {_COMMIT[:7]} of ryanzhumich/AESLC."}
    MANUAL_FILES = (f"aeslc/AESLC-{_COMMIT}.zip",)
    """The archive, under the name that a browser gives it, in `DATA_DIR/downloads/manual/`."""

    def _info(self) -> tfds.core.DatasetInfo:
        return self.dataset_info_from_configs(
            description="Emails of Enron's employees with their subject lines.",
            features=tfds.features.FeaturesDict(
                {"email_body": tfds.features.Text(), "subject_line": tfds.features.Text()}
            ),
            homepage="https://github.com/ryanzhumich/AESLC",
            citation="Zhang, Tetreault: This Email Could Save Your Life. ACL 2019.",
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> Mapping[str, Iterator[Any]]:
        archive = Path(self.data_dir_root) / "downloads" / "manual" / self.MANUAL_FILES[0]
        unpacked = dl_manager.extract(archive) if archive.is_file() else dl_manager.download_and_extract(_URL)
        folder = Path(unpacked) / f"AESLC-{_COMMIT}" / "enron_subject_line"
        return {split: self._generate_examples(split, folder / part) for split, part in PARTS.items()}

    def _generate_examples(self, split: str, folder: Path) -> Iterator[tuple[str, Mapping[str, str]]]:
        emails = {path.stem: _read_email(path) for path in sorted(folder.glob("*.subject"))}
        if digest(emails.values()) != DIGESTS[split]:
            raise RunError(f"{folder} does not contain the {split} emails of AESLC; delete the archive and try again")
        for name, (body, subject) in emails.items():
            yield name, {"email_body": body, "subject_line": subject}


def digest(emails: Iterable[tuple[str, str]]) -> str:
    """SHA-256 of emails, independent of their order."""
    digests = sorted(hashlib.sha256("\0".join(email).encode()).digest() for email in emails)
    return hashlib.sha256(b"".join(digests)).hexdigest()


def _read_email(path: Path) -> tuple[str, str]:
    """Body and subject: the lines before the first empty line, and the lines after the heading `@subject` below it."""
    with path.open(encoding="utf-8") as lines:
        body = "".join(_until_empty(lines))
        next(lines, None)
        return body, "".join(_until_empty(lines))


def _until_empty(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        if line == "\n":
            return
        yield line
