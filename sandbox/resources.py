"""Every path the sandbox serves, put together from the modules of the products.

Adding a resource: build its records in `world/`, put them in `World.tables`, add one `collection` to the module
of its product. The first path that matches answers: a fixed path comes before one with a parameter.
"""

from sandbox import (
    resources_ai,
    resources_compute,
    resources_core,
    resources_network,
    resources_observability,
    resources_platform,
    resources_registry,
)

ENDPOINTS = [
    *resources_core.ENDPOINTS,
    *resources_compute.ENDPOINTS,
    *resources_network.ENDPOINTS,
    *resources_registry.ENDPOINTS,
    *resources_observability.ENDPOINTS,
    *resources_platform.ENDPOINTS,
    *resources_ai.ENDPOINTS,
]
