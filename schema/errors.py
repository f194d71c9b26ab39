"""What stops the program with a plain line instead of a traceback."""


class UserError(Exception):
    """Something that the user can mend: a wrong flag, a bad file, a missing run.

    The message says what, where and what to do, in one or two lines.
    """

    exit_status = 2


class RunError(UserError):
    """The call was right, but the work could not be done: no network, a full disk, a loss that became NaN."""

    exit_status = 1
