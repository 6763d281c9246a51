"""`python -m sandbox`: start the sandbox, print where it is, serve until told to stop."""

import argparse
import asyncio
import contextlib
import json
import os
import secrets
import signal
import socket
import sys
from datetime import timedelta

import uvicorn

from sandbox import spaces
from sandbox.auth import Tokens
from sandbox.clock import Clock, parse
from sandbox.control import control_routes
from sandbox.faults import NAMES, Fault
from sandbox.faults.wire import tcp_socket, with_wire
from sandbox.grants import Client, Grants
from sandbox.limits import Limiter
from sandbox.oauth import PREFIX, OAuth, second_team
from sandbox.server import State, api_routes, build_app, with_date
from sandbox.telemetry import Measurements
from sandbox.telemetry.insights import Insights
from sandbox.world import World
from sandbox.world.plan import Plan

_HOST = "127.0.0.1"
_HELP_TEXT = """\
DigitalOcean sandbox: team {team_name!r}, {droplets} Droplets, {days} days of history.

Point the connector at it with this configuration:

  {{"credentials": {{"auth_type": "access_token", "access_token": "{token}"}},
   "api_base_url": "{api_base_url}", "oauth_base_url": "{oauth_base_url}"}}

Stop it with Ctrl-C.
"""


def _fault(text: str) -> Fault:
    try:
        fault = Fault(**json.loads(text))
    except (TypeError, ValueError) as error:
        raise argparse.ArgumentTypeError(f"{error}") from error
    if fault.name not in NAMES:
        raise argparse.ArgumentTypeError(f"no fault is called {fault.name!r}; there are: {', '.join(NAMES)}")
    return fault


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="DigitalOcean on loopback.")
    parser.add_argument("--droplets", type=int, default=40, help="size of the team (default 40)")
    parser.add_argument("--days", type=int, default=90, help="days of history (default 90)")
    parser.add_argument("--sizes", type=json.loads, default={}, help='e.g. {"apps": 5, "databases": 3, "domains": 10}')
    parser.add_argument("--seed", type=int, default=7, help="which team (default 7)")
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1 (default: a free one)")
    parser.add_argument(
        "--rate-limit", type=int, default=5000, help="requests an hour; 5%% of it a minute (default 5000)"
    )
    parser.add_argument(
        "--limit-speed", type=float, default=1.0, help="how much faster limits pass, for a client whose clock does, too"
    )
    parser.add_argument("--latency-ms", type=float, default=0.0, help="added to every API answer")
    parser.add_argument("--now", type=parse, default=None, help="start of the clock, e.g. 2026-11-23T12:00:00Z")
    parser.add_argument("--token-lifetime", type=float, default=2_592_000, help="seconds (default 30 days)")
    parser.add_argument(
        "--insights",
        choices=("on-demand", "start"),
        default="on-demand",
        help="when Prometheus is started (default: a region's when it is first asked for)",
    )
    parser.add_argument("--insights-days", type=float, default=None, help="days of samples in Insights (default 3)")
    parser.add_argument(
        "--insights-without",
        type=lambda text: text.split(","),
        default=(),
        help="kinds of resources that Insights tells nothing of, such as droplet,app: it is filled faster",
    )
    parser.add_argument(
        "--sample-phase",
        choices=("aligned", "spread"),
        default="aligned",
        help="all samples at whole two minutes, or each resource at its own second",
    )
    parser.add_argument(
        "--redirect-uri", default=None, help="the one registered with the application (default: any on this machine)"
    )
    parser.add_argument(
        "--fault",
        type=_fault,
        action="append",
        default=[],
        metavar="JSON",
        help="""e.g. '{"name": "status", "path": "/v2/apps", "times": 2, "parameters": {"status": 503}}'; repeatable""",
    )
    parser.add_argument(
        "--waste",
        choices=("natural", "seeded"),
        default="natural",
        help="idle and oversized resources, and two that only look so",
    )
    parser.add_argument("--quiet", action="store_true", help="no text for people on stderr")
    parser.add_argument("--exit-with-stdin", action="store_true", help="stop when stdin closes")
    return parser.parse_args()


def _stop_at_end_of_stdin(server: uvicorn.Server) -> None:
    if not os.read(sys.stdin.fileno(), 4096):
        server.should_exit = True


async def _serve(options: argparse.Namespace, listener: socket.socket) -> None:
    clock = Clock(options.now)
    anchor = clock.start.replace(hour=0, minute=0, second=0, microsecond=0)
    tokens = Tokens(clock)
    world = World(Plan(options.seed, options.droplets, options.days, anchor, options.sizes, options.waste == "seeded"))
    measurements = Measurements(world, spread=options.sample_phase == "spread")
    insights = Insights(
        measurements,
        min(options.days, 3) if options.insights_days is None else options.insights_days,
        options.insights_without,
    )
    limiter = Limiter(options.rate_limit, lambda: clock.now().timestamp(), options.limit_speed)
    state = State(world, clock, tokens, limiter, measurements, insights, options.latency_ms / 1000)
    state.other = second_team(world)
    for fault in options.fault:
        state.faults.add(fault)
    client = Client(secrets.token_hex(32), "Quolum", secrets.token_hex(32), options.redirect_uri)
    public = Client(secrets.token_hex(32), "Quolum command line", None)
    clients = {one.id: one for one in (client, public)}
    oauth = OAuth(state, Grants(clock, tokens, clients, timedelta(seconds=options.token_lifetime)))
    app = build_app([*api_routes(state), *oauth.routes(), *spaces.spaces_routes(state), *control_routes(state)])
    server = uvicorn.Server(
        uvicorn.Config(
            with_wire(with_date(app, clock)),
            log_level="critical",
            access_log=False,
            lifespan="off",
            server_header=False,
            date_header=False,
            timeout_graceful_shutdown=1,
            log_config=None,
        )
    )
    state.faults.network.server = server
    if options.exit_with_stdin:
        loop = asyncio.get_running_loop()
        loop.add_reader(sys.stdin, _stop_at_end_of_stdin, server)
    if options.insights == "start":
        insights.load(clock.now())
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started and not serving.done():
        await asyncio.sleep(0.01)
    base = f"http://{_HOST}:{listener.getsockname()[1]}"
    spaces_key = world.tables["spaces_keys"][0]["access_key"]
    ready = {
        "api_base_url": base,
        "oauth_base_url": base + PREFIX,
        "token": tokens.personal(frozenset({"read"})).value,
        "client_id": client.id,
        "client_secret": client.secret,
        "public_client_id": public.id,
        "spaces_access_key": spaces_key,
        "spaces_secret_key": spaces.secret_of(spaces_key),
        "team_uuid": world.account.team_uuid,
        "team_name": world.account.team_name,
        "other_team_uuid": state.other.account.team_uuid,
        "other_team_name": state.other.account.team_name,
    }
    sys.stdout.write(json.dumps(ready) + "\n")
    sys.stdout.flush()
    if not options.quiet:
        sys.stderr.write(_HELP_TEXT.format(**ready, droplets=options.droplets, days=options.days))
    try:
        await serving
    finally:
        insights.stop()


def _leave(number: int, _: object) -> None:
    # As when the signal itself ended the process, but after everything was put away.
    sys.exit(128 + number)


def main() -> int:
    """Run until SIGTERM or SIGINT; exit code 2 when the port is taken."""
    options = _arguments()
    listener = tcp_socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((_HOST, options.port))
    except OSError as error:
        sys.stderr.write(f"Cannot listen on {_HOST}:{options.port}: {error.strerror}\n")
        return 2
    # The server ends with the signal that it was ended by: what was started must still be put away then.
    signal.signal(signal.SIGTERM, _leave)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(options, listener))
    return 0


if __name__ == "__main__":
    sys.exit(main())
