"""The command `spec`: what a configuration holds, as manifest.yaml says it; the one message that needs no CDK."""

import json

from source_digitalocean_quolum import manifest
from source_digitalocean_quolum.cdk_ext.lean_import import import_cdk
from source_digitalocean_quolum.protocol.output import Output


def write_spec(output: Output) -> int:
    """Write the SPEC message, or a TRACE where the connector's own files are wrong; the exit code."""
    try:
        # A stream that is defined wrongly is refused at once, not when somebody reads it.
        manifest.declared_streams()
        spec = _specification()
    except Exception as error:  # noqa: BLE001 (whatever it is, it is said as the protocol wants it)
        import_cdk()
        from source_digitalocean_quolum.commands import report  # noqa: PLC0415 (see run.py)

        return report(error, "spec", output)
    output.write(f"{json.dumps({'type': 'SPEC', 'spec': spec})}\n")
    return 0


def _specification() -> dict[str, object]:
    """A ConnectorSpecification of the Airbyte protocol, as the CDK makes it of the same part of the manifest."""
    declared = manifest.specification()
    return {
        "connectionSpecification": declared["connection_specification"],
        "documentationUrl": declared["documentation_url"],
        "supportsNormalization": False,
        "supportsDBT": False,
        "advanced_auth": declared["advanced_auth"],
    }
