"""What check asks to learn whether the Spaces key is good."""

from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_digitalocean_quolum.http.run_context import RunContext
from source_digitalocean_quolum.spaces.client import SpacesClient
from source_digitalocean_quolum.spaces.settings import SpacesSettings


def describe_access(run: RunContext, retries: int, patience: float) -> str:
    """A sentence about the Spaces key, tried in the first of its regions; empty where none is configured."""
    configured = run.config.get("spaces")
    if not configured:
        return ""
    settings = SpacesSettings.model_validate(configured)
    client = SpacesClient(settings, settings.regions[0], run, "check")
    try:
        client.list_buckets(tries=(0, retries), patience=patience)
    except AirbyteTracedException as problem:
        return f"The stream spaces_buckets cannot be read. {problem.message}"
    return f"With the Spaces key {settings.access_key} spaces_buckets can be read, too."
