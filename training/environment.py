"""Where a run was made: versions, memory, machine, and the commit of the code."""

import os
import platform
import resource
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

_LIBRARIES = ("keras", "tensorflow", "tensorflow-datasets", "numpy", "scikit-learn")
_ROOT = Path(__file__).resolve().parent.parent


def versions() -> Mapping[str, str]:
    """Python and the libraries that a score may depend on."""
    return {"python": platform.python_version(), **{name: version(name) for name in _LIBRARIES}}


def peak_memory_mb() -> float:
    """Largest resident memory of this process so far, in MB (10^6 bytes)."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts in KiB, macOS in bytes.
    return peak * (1 if sys.platform == "darwin" else 1024) / 1e6


def hardware() -> Mapping[str, str | int]:
    """Processor and number of cores, as the system names them."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        names = [line.partition(":")[2].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        model = names[0] if names else model
    return {"processor": model, "cores": os.cpu_count() or 1, "system": platform.system()}


def clean_commit() -> str | None:
    """The commit that this code is, or None where it is none or has been changed since."""
    try:
        commit = _git("rev-parse", "HEAD")
        return None if _git("status", "--porcelain", "--untracked-files=no") else commit
    except (OSError, subprocess.CalledProcessError):
        return None


def _git(*words: str) -> str:
    return subprocess.run(["git", "-C", str(_ROOT), *words], capture_output=True, text=True, check=True).stdout.strip()
