"""TensorFlow without its start-up noise."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from console import messages
from console.progress import phase
from console.signals import exit_on_signal


@cache
def start_tensorflow() -> None:
    """Import TensorFlow and initialize its devices, once. Show its log only if that fails.

    Call it before the first import of TensorFlow or Keras, and as late as possible: it takes seconds, and messages
    that do not need TensorFlow should be printed before. Log level 2 keeps errors. The lines written before the
    logging of TensorFlow starts ignore the level, so file descriptor 2 is redirected.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("KERAS_HOME", str(keras_home()))
    with phase("loading TensorFlow"), _stderr_shown_only_on_error():
        import tensorflow as tf

        tf.config.list_logical_devices()
        # On some processors oneDNN logs, once, that it cannot transpose a boolean mask.
        tf.function(tf.transpose)(tf.ones((2, 2), tf.bool))


def keras_home() -> Path:
    """Folder of Keras's settings and weights: $KERAS_HOME, by default ~/.keras.

    Without a home folder it is in that of temporary files: Keras would make a folder named `~` in the current one.
    """
    if chosen := os.environ.get("KERAS_HOME"):
        return Path(chosen)
    home = Path(os.path.expanduser("~"))
    if home.is_absolute() and os.access(home, os.W_OK):
        return home / ".keras"
    return Path(tempfile.gettempdir()) / f"keras-{os.getuid()}"


@contextmanager
def _stderr_shown_only_on_error() -> Iterator[None]:
    """Redirect file descriptor 2, since C++ writes there."""
    if sys.stderr is None:
        # Closed by the caller (`2>&-`): there is nothing to redirect, and descriptor 2 may be another file.
        yield
        return
    sys.stderr.flush()
    stderr = os.dup(2)

    def show() -> None:
        os.dup2(stderr, 2)
        messages.without_bars().__enter__()

    with exit_on_signal(show), tempfile.TemporaryFile() as buffer:
        try:
            os.dup2(buffer.fileno(), 2)
            yield
        except BaseException:
            buffer.seek(0)
            os.write(stderr, buffer.read())
            raise
        finally:
            os.dup2(stderr, 2)
    os.close(stderr)
