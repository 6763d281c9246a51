"""How Connect can end: one exit code for each, and what it means."""

from enum import IntEnum


class Exit(IntEnum):
    """The exit codes of `source-digitalocean-quolum-connect`; `meaning` is their line in --help and the docs."""

    meaning: str

    def __new__(cls, value: int, meaning: str) -> "Exit":
        """One code with its meaning."""
        member = int.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        return member

    DONE = 0, "connected, reconnected or disconnected"
    UNEXPECTED = 1, "DigitalOcean answered something unexpected; try again later"
    USAGE = 2, "an argument, the scope or the content of the configuration file is wrong"
    IN_USE = 3, "another process uses the configuration file"
    UNWRITABLE = 4, "the configuration file or its folder cannot be written"
    DENIED = 5, "access was denied on the consent page"
    WRONG_STATE = 6, "nobody authorized in time, but answers came that belong to another attempt"
    CODE_REFUSED = 7, "the code from the browser has expired or was already used"
    APPLICATION_REFUSED = 8, "DigitalOcean does not know the client ID, or the client secret is wrong"
    REDIRECT_REFUSED = 9, "the redirect URI is not registered with the application"
    TIMEOUT = 10, "nobody authorized in time, for example because the browser was closed"
    PORT_IN_USE = 11, "the port of the redirect URI is taken"
    NO_NETWORK = 12, "DigitalOcean cannot be reached"
    OTHER_TEAM = 13, "Reconnect led to another team than before and was not confirmed"
    INTERRUPTED = 130, "interrupted"


class ConnectError(Exception):
    """A failure told to the operator as a sentence; `exit_code` is the exit code of the process."""

    def __init__(self, exit_code: Exit, message: str) -> None:
        super().__init__(message)
        self.exit_code = exit_code
