"""Errors that a command prints as a plain line instead of a traceback."""


class UserError(Exception):
    """An error that the user can correct: a wrong flag, a bad file, a missing run.

    The message says what is wrong, where, and what to do, in one or two lines.
    """

    exit_status = 2


class RunError(UserError):
    """A correct call failed: no network, a full disk, a loss that became NaN."""

    exit_status = 1


class Interrupted(KeyboardInterrupt):
    """The program was ended by a signal, which determines its exit status.

    Not an Exception, which a library might take for a failure of its own.
    """

    def __init__(self, message: str, exit_status: int) -> None:
        super().__init__(message)
        self.exit_status = exit_status
