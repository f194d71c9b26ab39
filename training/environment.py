"""Environment of a run: versions of the libraries, memory, hardware, and commit of the code."""

import os
import platform
import resource
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from console.quiet import start_tensorflow

_LIBRARIES = ("keras", "tensorflow", "tensorflow-datasets", "numpy", "scikit-learn")
DIRTY = "-dirty"
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
    """Processor, number of cores, operating system and GPUs, as named by the system."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        names = [line.partition(":")[2].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        model = names[0] if names else model
    found: dict[str, str | int] = {"processor": model, "cores": os.cpu_count() or 1, "system": platform.system()}
    return {**found, "gpu": ", ".join(gpus)} if (gpus := _gpus()) else found


def _gpus() -> list[str]:
    """Names of the GPUs that TensorFlow can use."""
    start_tensorflow()
    import tensorflow as tf

    details = map(tf.config.experimental.get_device_details, tf.config.list_physical_devices("GPU"))
    return [str(device.get("device_name", "GPU")) for device in details]


def commit() -> str | None:
    """Commit of this code, with `-dirty` after it if there are uncommitted changes; None outside a git repository."""
    try:
        # Not the commit of another project, in whose repository this folder lies.
        if Path(_git("rev-parse", "--show-toplevel")).resolve() != _ROOT:
            return None
        changes = _git("status", "--porcelain", "--untracked-files=no")
        return _git("rev-parse", "HEAD") + (DIRTY if changes else "")
    except (OSError, subprocess.CalledProcessError):
        return None


def _git(*arguments: str) -> str:
    return subprocess.run(
        ["git", "-C", str(_ROOT), *arguments], capture_output=True, text=True, check=True
    ).stdout.strip()
