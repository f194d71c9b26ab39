"""Trainings on a machine that lacks something: room on the disk, a home, permissions, descriptors, stdout."""

import ctypes
import os
import pickle
import random
import resource
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from bench.endurance.children import Ended
from bench.endurance.comparison import differences
from bench.endurance.kills import Training

UNPRIVILEGED = 12345
"""A user without a name, a home or rights."""
_NEW_NAMESPACE, _PRIVATE, _REMOUNT = 0x20000, 0x44000, 0x20
_KEEP_CAPABILITIES, _CAPABILITY_VERSION, _READ_ALL = 8, 0x20080522, 1 << 2


class Refused(Exception):
    """The machine does not allow what a case needs."""


def _call(name: str, *arguments: object) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*arguments):
        raise Refused(f"{name}: {os.strerror(ctypes.get_errno())}")


def mount_small_disk(path: Path, kilobytes: int) -> None:
    """Mount an empty disk of this size at `path`, for this process and its children alone. Raises Refused."""
    _call("unshare", _NEW_NAMESPACE)
    _call("mount", b"none", b"/", None, ctypes.c_ulong(_PRIVATE), None)
    _call("mount", b"tmpfs", bytes(path), b"tmpfs", ctypes.c_ulong(0), f"size={kilobytes}k".encode())


def make_room(path: Path) -> None:
    """Enlarge the disk."""
    _call("mount", b"tmpfs", bytes(path), b"tmpfs", ctypes.c_ulong(_REMOUNT), b"size=500m")


def become_unprivileged() -> None:
    """Give up all rights but that to read, which finds Python in the home of another user. Raises Refused."""
    if os.getuid():
        raise Refused("not the superuser")
    _call("prctl", _KEEP_CAPABILITIES, 1, 0, 0, 0)
    os.setgroups([])
    os.setresgid(UNPRIVILEGED, UNPRIVILEGED, UNPRIVILEGED)
    os.setresuid(UNPRIVILEGED, UNPRIVILEGED, UNPRIVILEGED)
    _call("capset", (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0), (ctypes.c_uint32 * 6)(_READ_ALL, _READ_ALL))


def _without_home() -> None:
    become_unprivileged()
    for name in ("HOME", "XDG_CACHE_HOME", "KERAS_HOME", "TFDS_DATA_DIR"):
        os.environ.pop(name, None)


def _close(name: str, descriptor: int) -> None:
    """As the shell's `>&-`: Python then has None for the stream."""
    os.close(descriptor)
    setattr(sys, name, None)


CASES: Mapping[str, Callable[[], object]] = {
    "no home": _without_home,
    "no stdout": partial(_close, "stdout", 1),
    "no stderr": partial(_close, "stderr", 2),
    "40 descriptors": lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40)),
    "15 descriptors": lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (15, 15)),
}
"""Case -> what takes it away from a process."""


def deprived_faults(training: Training, name: str) -> Iterator[str]:
    """Train in a case of `CASES`; yield what is wrong with the ending, or with the run once it has been resumed.

    `training` has an undisturbed run. Raises Refused.
    """
    if name == "no home":
        _in_a_fork(become_unprivileged)
    for folder in (training.home / "runs", training.run("")):
        folder.chmod(0o777)
    work = training.home / "work"
    work.mkdir(exist_ok=True)
    work.chmod(0o777)

    def prepare() -> None:
        os.chdir(work)
        CASES[name]()

    run = name.replace(" ", "-")
    yield from _wrong(training.go_on(run, prepare=prepare, cached=name != "no home"))
    yield from (f"left in the current folder: {path}" for path in work.iterdir())
    ended = training.go_on(run)
    if ended.status and "nothing to resume" not in ended.errors:
        yield f"not resumed: {ended.errors[-300:]}"
        return
    yield from differences(training.run("whole"), training.run(run))


def full_disk_faults(training: Training, kilobytes: int) -> list[str]:
    """Train on a disk that is too small, make room, and resume. Raises Refused."""

    def work() -> list[str]:
        disk = training.home / "disk"
        disk.mkdir(exist_ok=True)
        mount_small_disk(disk, kilobytes)
        small = Training(training.task, training.cell, disk, errors=training.home / "errors.txt")
        faults = list(_wrong(small.go_on("whole")))
        make_room(disk)
        ended = small.go_on("whole")
        if ended.status and "nothing to resume" not in ended.errors:
            return [*faults, f"not resumed: {ended.errors[-300:]}"]
        return [*faults, *differences(training.run("whole"), small.run("whole"))]

    return _in_a_fork(work)


def _wrong(ended: Ended) -> Iterator[str]:
    # A closed stderr has no lines.
    if ended.status not in (0, 1, 2) or len(ended.error_lines) > 1 or "unexpected" in ended.errors:
        yield f"status {ended.status}: {ended.errors[-300:]}"


def _in_a_fork(work: Callable[[], object]) -> list[str]:
    """The result of `work` in a process of its own. Raises Refused if it does."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        result: object
        try:
            result = work()
        except (Refused, OSError) as error:
            result = Refused(str(error))
        os.write(writer, pickle.dumps(result))
        os._exit(0)
    os.close(writer)
    with open(reader, "rb") as file:
        result = pickle.loads(file.read())
    os.waitpid(child, 0)
    if isinstance(result, Refused):
        raise result
    return list(result) if isinstance(result, list) else []


def random_sizes(count: int, rng: random.Random) -> list[int]:
    """Sizes of disks in kilobytes, from one that holds almost nothing to one that holds almost a run."""
    return [round(16 * 2 ** rng.uniform(0, 6)) for _ in range(count)]
