"""Makes the file: the page's own parts, the vendored library and the data in one HTML document that fetches nothing."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

from warehouse.dashboard.budget import to_json

_PAGE, _VENDOR = Path(__file__).with_name("page"), Path(__file__).with_name("vendor")
# In this order each finds what it needs.
LIBRARIES = ("vega.min.js", "vega-lite.min.js", "vega-interpreter.js")
STYLES = ("base.css", "parts.css", "tables.css", "print.css")
SCRIPTS = (
    "dom.js",
    "format.js",
    "tables.js",
    "charts.js",
    "overview.js",
    "cost.js",
    "use.js",
    "savings.js",
    "invoices.js",
    "resources.js",
    "health.js",
    "main.js",
)
# The interpreter is published as a module only, and a module cannot import what stands in the same file.
_MODULE_IMPORT = "import { ascending, isString, DisallowedObjectProperties } from 'vega-util';"
_MODULE_EXPORT = "export { expression as expressionInterpreter };"


def make_page(data: dict[str, Any]) -> str:
    """Return the HTML of a page that shows `data`."""
    scripts = [_library(name) for name in LIBRARIES] + ["\n".join(["'use strict';", *map(_own, SCRIPTS)])]
    style = "\n".join(map(_own, STYLES))
    policy = (
        f"default-src 'none'; script-src {' '.join(_hash(one) for one in scripts)}; style-src {_hash(style)}; "
        "base-uri 'none'; form-action 'none'"
    )
    parts = {
        "{policy}": policy,
        "{style}": style,
        "{data}": to_json(data),
        "{scripts}": "\n".join(f"<script>{one}</script>" for one in scripts),
    }
    page = _own("page.html")
    # Cut at the places first: what is put in may hold the name of a place.
    for place in parts:
        before, after = page.split(place)
        page = f"{before}\0{place}\0{after}"
    return "".join(parts.get(part, part) for part in page.split("\0"))


def _own(name: str) -> str:
    return (_PAGE / name).read_text(encoding="utf-8")


def _library(name: str) -> str:
    text = (_VENDOR / name).read_text(encoding="utf-8")
    # No file of a map is embedded, and none is to be looked for.
    text = "\n".join(line for line in text.split("\n") if not line.startswith("//# sourceMappingURL="))
    if _MODULE_EXPORT in text:
        text = text.replace(_MODULE_IMPORT, "const { ascending, isString, DisallowedObjectProperties } = vega;")
        text = text.replace(_MODULE_EXPORT, "globalThis.vegaInterpreter = expression;")
        text = f"(() => {{\n{text}\n}})();"
    return text


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
