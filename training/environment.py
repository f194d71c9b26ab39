"""Environment of a run: versions of the libraries, memory, hardware, and commit of the code."""

import os
import platform
import resource
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

_LIBRARIES = ("keras", "tensorflow", "tensorflow-datasets", "numpy", "scikit-learn")
_ROOT = Path(__file__).resolve().parent.parent


def versions() -> Mapping[str, str]:
    """Versions of Python and of the libraries that affect scores."""
    from importlib.metadata import version

    return {"python": platform.python_version(), **{name: version(name) for name in _LIBRARIES}}


def peak_memory_mb() -> float:
    """Peak resident memory of this process so far, in MB (10^6 bytes)."""
    return peak_mb(resource.getrusage(resource.RUSAGE_SELF))


def peak_mb(usage: resource.struct_rusage) -> float:
    """Peak resident memory in `usage`, in MB (10^6 bytes)."""
    # In KiB on Linux, in bytes on macOS.
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6


def hardware() -> Mapping[str, str | int]:
    """Processor, number of cores and operating system, as named by the system."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        names = [line.partition(":")[2].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        model = names[0] if names else model
    return {"processor": model, "cores": os.cpu_count() or 1, "system": platform.system()}


def clean_commit() -> str | None:
    """Commit of this code; None without a git repository or with uncommitted changes."""
    try:
        commit = _git("rev-parse", "HEAD")
        return None if _git("status", "--porcelain", "--untracked-files=no") else commit
    except (OSError, subprocess.CalledProcessError):
        return None


def _git(*arguments: str) -> str:
    return subprocess.run(
        ["git", "-C", str(_ROOT), *arguments], capture_output=True, text=True, check=True
    ).stdout.strip()
