"""`source-digitalocean-quolum-connect CONFIG.json`: connect, reconnect or disconnect one configuration file."""

import argparse
import getpass
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_digitalocean_quolum.config import parse
from source_digitalocean_quolum.config_file import (
    ConfigFileError,
    LockedError,
    UnwritableError,
    lock_config,
    prove_writable,
    read_config,
)
from source_digitalocean_quolum.connect.authorization import Application
from source_digitalocean_quolum.connect.errors import ConnectError, Exit
from source_digitalocean_quolum.connect.flow import Person, Target, connect, disconnect
from source_digitalocean_quolum.connect.help_text import FittedHelp
from source_digitalocean_quolum.connect.loopback import PATH, listen
from source_digitalocean_quolum.http.token_endpoint import TokenAnswer

REGISTERED_PORT = 8765
_CLIENT_ID, _CLIENT_SECRET = "DIGITALOCEAN_CLIENT_ID", "DIGITALOCEAN_CLIENT_SECRET"
_EPILOG = f"""\
Register an OAuth application in DigitalOcean's control panel (API, OAuth Applications) with exactly this
callback URL:

  http://127.0.0.1:{REGISTERED_PORT}{PATH}

With --port another port takes the place of {REGISTERED_PORT}, in the callback URL, too.

exit codes:
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code (see --help)."""
    options = _parser().parse_args(arguments)
    person = Person(_say, _agrees)
    try:
        (_disconnect if options.revoke else _connect)(options, person)
    except ConnectError as error:
        return _complain(str(error), error.exit_code)
    except LockedError as error:
        return _complain(str(error), Exit.IN_USE)
    except UnwritableError as error:
        return _complain(str(error), Exit.UNWRITABLE)
    except ConfigFileError as error:
        return _complain(str(error), Exit.USAGE)
    except (KeyboardInterrupt, EOFError):
        return _complain("Interrupted.", Exit.INTERRUPTED)
    return Exit.DONE


def _connect(options: argparse.Namespace, person: Person) -> None:
    path: Path = options.config
    # Before any question: a broken file is no reason to type a secret first.
    _before(path)
    _require_folder(path)
    with lock_config(path):
        prove_writable(path)
        before = _before(path)
        application = _application(options, before)
        target = Target(path, before, application, _addresses(options))
        # The clicks are worth nothing when the file that comes of them is refused by the connector.
        _validate(path, target.config(TokenAnswer(200, {"access_token": "to-come", "refresh_token": "to-come"})))
        with listen(_port(options, application)) as listening:
            connect(
                target,
                listening,
                person,
                scope=options.scope,
                seconds=options.timeout,
                browser=not options.no_browser,
                accept_any=options.yes,
            )


def _disconnect(options: argparse.Namespace, person: Person) -> None:
    read_config(options.config)
    with lock_config(options.config):
        prove_writable(options.config)
        before = read_config(options.config)
        credentials = _credentials(before)
        application = Application(str(credentials.get("client_id") or ""), credentials.get("client_secret") or None)
        disconnect(Target(options.config, before, application, _addresses(options)), person)


def _before(path: Path) -> dict[str, Any]:
    """The configuration so far; a file that is missing or empty is a new one."""
    if not path.exists() or (path.is_file() and path.stat().st_size == 0):
        return {}
    return read_config(path)


def _require_folder(path: Path) -> None:
    if not path.absolute().parent.is_dir():
        raise UnwritableError(f"The folder of {path} does not exist: create it first.")


def _credentials(config: Mapping[str, Any]) -> Mapping[str, Any]:
    credentials = config.get("credentials")
    return credentials if isinstance(credentials, Mapping) else {}


def _addresses(options: argparse.Namespace) -> dict[str, str]:
    given = {"api_base_url": options.api_base_url, "oauth_base_url": options.oauth_base_url}
    return {name: value for name, value in given.items() if value}


def _application(options: argparse.Namespace, before: Mapping[str, Any]) -> Application:
    """The application: from the command line, the environment, the file, or by asking - in that order."""
    known = _credentials(before)
    known = known if known.get("auth_type") == "oauth2.0" else {}
    client_id = options.client_id or os.environ.get(_CLIENT_ID) or known.get("client_id")
    if not client_id and sys.stdin.isatty():
        client_id = input("Client ID of your OAuth application: ").strip()
    if not client_id:
        raise ConnectError(
            Exit.USAGE, f"Which OAuth application? Give its client ID in {_CLIENT_ID} or with --client-id."
        )
    if options.client_secret is not None:
        secret = options.client_secret
    elif _CLIENT_SECRET in os.environ:
        secret = os.environ[_CLIENT_SECRET]
    elif client_id == known.get("client_id"):
        secret = known.get("client_secret") or ""
    elif sys.stdin.isatty():
        secret = getpass.getpass("Client secret (not shown; empty for a public application): ")
    else:
        secret = ""
    return Application(str(client_id).strip(), str(secret).strip() or None)


def _port(options: argparse.Namespace, application: Application) -> int:
    # A public application may be sent back to any port (RFC 8252, section 7.3); the redirect URI of one
    # with a secret must be registered, port and all.
    if options.port is not None:
        return int(options.port)
    return REGISTERED_PORT if application.client_secret else 0


def _validate(path: Path, config: Mapping[str, Any]) -> None:
    try:
        parse(config)
    except AirbyteTracedException as problem:
        raise ConnectError(Exit.USAGE, f"{path}: {problem.message}") from None


def _parser() -> argparse.ArgumentParser:
    codes = "\n".join(f"  {code.value:<4} {code.meaning}" for code in Exit)
    parser = argparse.ArgumentParser(
        prog="source-digitalocean-quolum-connect",
        usage="%(prog)s\n       [options] CONFIG.json",
        description="Connect a configuration file of source-digitalocean-quolum to a DigitalOcean team: you "
        "authorize in the browser, the tokens are written into the file. Run again on the same file it reconnects.",
        epilog=_EPILOG + codes,
        formatter_class=FittedHelp,
    )
    parser.add_argument("config", type=Path, metavar="CONFIG.json", help="the configuration file; made when missing")
    parser.add_argument(
        "--client-id", metavar="ID", help=f"of the OAuth application (default: {_CLIENT_ID}, the file, or asked for)"
    )
    parser.add_argument(
        "--client-secret",
        metavar="SECRET",
        help=f"of the same application; better in {_CLIENT_SECRET} or typed when asked, because other users of this "
        "machine can read command lines. A public application has none",
    )
    parser.add_argument(
        "--scope", default="read", help="what to ask for (default: %(default)s, which opens every stream)"
    )
    parser.add_argument(
        "--port",
        type=port,
        metavar="N",
        help=f"port of the redirect URI; 0: a free one (default: {REGISTERED_PORT}; free for a public application)",
    )
    parser.add_argument("--no-browser", action="store_true", help="print the link instead of opening it")
    parser.add_argument(
        "--timeout", type=seconds, default=300.0, metavar="SECONDS", help="how long to wait (default: %(default)g)"
    )
    parser.add_argument("--yes", action="store_true", help="accept another team than before without asking")
    parser.add_argument("--revoke", action="store_true", help="disconnect: revoke the access and remove the tokens")
    for hidden in ("--oauth-base-url", "--api-base-url"):
        parser.add_argument(hidden, metavar="URL", help=argparse.SUPPRESS)
    return parser


def port(text: str) -> int:
    """A port, for argparse, which names the function when it fails."""
    number = int(text)
    if not 0 <= number <= 65535:
        raise argparse.ArgumentTypeError("a port is a number from 0 to 65535")
    return number


def seconds(text: str) -> float:
    """A duration, for argparse."""
    number = float(text)
    if not 0 < number <= 86_400:
        raise argparse.ArgumentTypeError("give seconds, more than 0 and at most a day")
    return number


def _say(text: str) -> None:
    print(text, flush=True)


def _agrees(question: str) -> bool:
    if not sys.stdin.isatty():
        return False
    try:
        return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")
    except (EOFError, KeyboardInterrupt):
        # The new grant is still to be revoked.
        return False


def _complain(text: str, code: Exit) -> int:
    print(text, file=sys.stderr, flush=True)
    return int(code)


if __name__ == "__main__":
    sys.exit(main())
