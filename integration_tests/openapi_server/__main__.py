"""`python -m integration_tests.openapi_server`: serve until a signal; one JSON line says where."""

import argparse
import json
import secrets
import socket
import sys
from pathlib import Path

import uvicorn

from integration_tests.openapi_server.application import Answers, application
from integration_tests.openapi_server.specification import SPECIFICATION, Specification


def main() -> None:
    """Bind to loopback, print the ready line and serve."""
    parser = argparse.ArgumentParser(prog="openapi_server", description=__doc__)
    parser.add_argument("--spec", type=Path, default=SPECIFICATION, help="DigitalOcean's OpenAPI document, as JSON")
    parser.add_argument("--records", type=int, default=3, help="records in every list (default 3)")
    parser.add_argument("--port", type=int, default=0, help="0 (default) takes a free port")
    options = parser.parse_args()
    if not options.spec.is_file():
        sys.exit(f"There is no OpenAPI document at {options.spec}; name one with --spec.")

    token = f"dop_v1_{secrets.token_hex(32)}"
    app = application(Answers(Specification(options.spec), token=token, records=options.records))
    # With the protocol named, asyncio turns Nagle's algorithm off; without, every answer takes 40 ms.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", options.port))
        listener.listen()
        port = listener.getsockname()[1]
        print(json.dumps({"api_base_url": f"http://127.0.0.1:{port}", "token": token}), flush=True)
        config = uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off")
        uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
