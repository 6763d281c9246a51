"""The connector's own start imports the CDK lean, and the messages are the same."""

import json
import subprocess
import sys
from importlib.util import find_spec
from typing import Any

_LEAN = "from source_digitalocean_quolum.cdk_ext.lean_import import import_cdk; import_cdk()\n"
_SHOW = """
import json, sys, airbyte_cdk
from airbyte_cdk.models import *
state = AirbyteStateMessage(
    type=AirbyteStateType.STREAM,
    stream=AirbyteStreamState(StreamDescriptor(name="droplets"), AirbyteStateBlob(updated_at="2026-01-01")),
)
message = AirbyteMessage(type=Type.STATE, state=state)
written = AirbyteMessageSerializer.dump(message)
assert AirbyteMessageSerializer.load(written) == message
print(json.dumps({"written": written, "version": airbyte_cdk.__version__, "modules": sorted(sys.modules)}))
"""


def run(code: str) -> dict[str, Any]:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_what_is_never_used_is_not_imported_and_messages_are_the_same() -> None:
    whole, lean = run(_SHOW), run(_LEAN + _SHOW)

    assert lean["written"] == whole["written"]
    assert lean["version"] == whole["version"]
    left_out = set(whole.pop("modules")) - set(lean.pop("modules"))
    # What requests_cache would use comes with the host, which Python 3.13 does not have.
    installed = {name for name in ("boto3", "botocore", "tomlkit") if find_spec(name)}
    assert installed | {"dunamai", "requests_cache", "cattrs", "jwt", "cryptography"} <= left_out


def test_what_was_out_of_reach_is_back_afterwards() -> None:
    code = _LEAN + "import attributes_doc, dunamai, json, requests_cache\n"
    code += "from airbyte_cdk.sources.declarative.auth.jwt import JwtAlgorithm\n"
    code += "print(json.dumps({'docs': attributes_doc.get_attributes_doc.__module__, 'algorithm': JwtAlgorithm.HS256,"
    code += " 'cache': requests_cache.SQLiteCache.__module__}))"

    assert run(code) == {
        "docs": "attributes_doc._base",
        "algorithm": "HS256",
        "cache": "requests_cache.backends.sqlite",
    }


def test_a_cdk_that_is_there_already_is_left_alone() -> None:
    code = "import airbyte_cdk\nbefore = airbyte_cdk.__version__\n" + _LEAN
    code += "import sys, json\n"
    code += "print(json.dumps({'same': airbyte_cdk.__version__ == before, 'dunamai': 'dunamai' in sys.modules}))"

    assert run(code) == {"same": True, "dunamai": True}
