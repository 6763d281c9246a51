"""DigitalOcean's own page about each request, from the names in its OpenAPI document.

The reference has a page for each tag of the document and an anchor for each operation. Where the document does not have
a path yet, the link leads to the page of the paths around it.
"""

from source_digitalocean_quolum.http.endpoint import Endpoint
from tools.openapi import OpenApi, fits

REFERENCE = "https://docs.digitalocean.com/reference/api/reference"
SPACES = "[Spaces API](https://docs.digitalocean.com/reference/api/spaces-api)"
# Pages of the reference about paths that the digested document does not have, as seen in November 2026.
LATER = {"insights": ("Insights", "insights"), "microvms": ("MicroVMs", "microvms-public-preview")}


def link(endpoint: Endpoint, specification: OpenApi) -> str:
    """A link in Markdown to the page about a stream's request; `-` where no page is known."""
    if endpoint.service == "spaces":
        return SPACES
    operation = specification.operation(_documented(f"v2/{endpoint.path}", specification))
    if operation is not None:
        return f"[{operation['operationId']}]({REFERENCE}/{_slug(operation['tags'][0])}/#{operation['operationId']})"
    return product(endpoint.path, specification)


def product(path: str, specification: OpenApi) -> str:
    """A link to the page of the product that a path belongs to, without an anchor; `-` where none is known."""
    first = path.split("/", maxsplit=1)[0]
    if first in LATER:
        title, page = LATER[first]
        return f"[{title}]({REFERENCE}/{page}/)"
    around = (item for template, item in specification.document["paths"].items() if template.split("/")[2] == first)
    tag = next(((item.get("get") or item["post"])["tags"][0] for item in around), None)
    return f"[{tag}]({REFERENCE}/{_slug(tag)}/)" if tag else "-"


def _documented(path: str, specification: OpenApi) -> str:
    """The document's template of a path: `invoices/preview` is an invoice with a name instead of an id."""
    if specification.operation(path) is not None:
        return path
    parts = path.split("/")
    for template in specification.document["paths"]:
        names = template.strip("/").split("/")
        if len(names) == len(parts) and names[-1].startswith("{") and fits("/".join(names[:-1]), "/".join(parts[:-1])):
            return str(template)
    return path


def _slug(tag: str) -> str:
    return tag.lower().replace(" ", "-")
