"""TensorFlow without its start-up noise."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache


@cache
def start_tensorflow() -> None:
    """Import TensorFlow and wake its devices, once; what it writes meanwhile is shown only if that fails.

    To be called before the first import of TensorFlow or Keras, as late as possible: it takes seconds, and what can be
    said to the user without it should be said before.
    Level 2 keeps real errors; the lines before TensorFlow's logging starts obey no level, hence the detour.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with _stderr_kept_unless_it_fails():
        import tensorflow as tf

        tf.config.list_logical_devices()
        # On some processors oneDNN remarks, once, that it cannot turn a mask of booleans.
        tf.function(tf.transpose)(tf.ones((2, 2), tf.bool))


@contextmanager
def _stderr_kept_unless_it_fails() -> Iterator[None]:
    """Redirect file descriptor 2 itself, since C++ writes there."""
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as buffer:
        os.dup2(buffer.fileno(), 2)
        try:
            yield
        except BaseException:
            buffer.seek(0)
            os.write(kept, buffer.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)
