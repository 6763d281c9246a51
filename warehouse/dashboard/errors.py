"""What keeps a page from being written, each with the exit code a script can act on."""

from __future__ import annotations

EXIT_WRITTEN, EXIT_ARGUMENT, EXIT_MODELS, EXIT_WAREHOUSE, EXIT_INTERRUPTED = 0, 2, 3, 4, 130


class DashboardError(Exception):
    """A failure told to the operator as one sentence; `exit_code` is the exit code of the process."""

    def __init__(self, sentence: str, exit_code: int) -> None:
        super().__init__(sentence)
        self.exit_code = exit_code
