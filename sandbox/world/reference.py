"""What DigitalOcean sells around Droplets: options of databases, Kubernetes and registries, App Platform sizes."""

from sandbox.world import catalog
from sandbox.world.app_specs import INSTANCE_PRICES
from sandbox.world.apps import REGIONS
from sandbox.world.databases import SIZES as DATABASE_SIZES
from sandbox.world.plan import Record

_GIB = 1 << 30
# Engine -> versions with the dates they are withdrawn from sale and from support; None where there is no date.
_ENGINES: dict[str, list[tuple[str, str | None, str | None]]] = {
    "kafka": [("3.8", "2027-01-01T00:00:00Z", "2027-06-01T00:00:00Z")],
    "mongodb": [("7.0", "2027-02-01T00:00:00Z", "2027-08-01T00:00:00Z"), ("8.0", None, None)],
    "pg": [
        ("16", "2028-05-09T00:00:00Z", "2028-11-09T00:00:00Z"),
        ("17", "2029-05-08T00:00:00Z", "2029-11-08T00:00:00Z"),
    ],
    "mysql": [("8", "2026-01-30T00:00:00Z", "2026-04-30T00:00:00Z")],
    "valkey": [("8", None, None)],
    "opensearch": [("2", None, None)],
}
_ONE_CLICKS = [
    ("monitoring", "kubernetes"),
    ("ingress-nginx", "kubernetes"),
    ("cert-manager", "kubernetes"),
    ("docker-20-04", "droplet"),
    ("wordpress-20-04", "droplet"),
    ("monitoring", "droplet"),
]
# Slug, name, repositories, storage and traffic GiB, cents a month.
_REGISTRY_TIERS = [
    ("starter", "Starter", 1, 0.5, 0.5, 0),
    ("basic", "Basic", 5, 5, 5, 500),
    ("professional", "Professional", 0, 100, 100, 2000),
]
# GPU slug, USD an hour, regions.
_INFERENCE_SIZES = [
    ("gpu-mi300x1-192gb", "1.99", ("atl1", "nyc2")),
    ("gpu-h100x1-80gb", "3.39", ("nyc2", "tor1")),
    ("gpu-l40sx1-48gb", "1.57", ("tor1",)),
]
INFERENCE_REGIONS = ["atl1", "nyc2", "tor1"]

APP_REGIONS: list[Record] = [
    {
        "slug": slug,
        "label": label,
        "flag": flag,
        "continent": continent,
        "data_centers": data_centers,
        "default": slug == "nyc",
        **({"disabled": True, "reason": "no capacity"} if slug == "ams" else {}),
    }
    for slug, (label, flag, continent, data_centers) in REGIONS.items()
]


def database_options() -> Record:
    """For each engine what can be ordered, and beside it until when."""
    layouts = [{"num_nodes": count, "sizes": list(DATABASE_SIZES)} for count in (1, 2, 3)]
    return {
        "options": {
            engine: {
                "regions": list(catalog.REGION_SLUGS),
                "versions": [version for version, _, _ in versions],
                "layouts": layouts[2:] if engine == "kafka" else layouts,
            }
            for engine, versions in _ENGINES.items()
        },
        "version_availability": {
            engine: [
                {"version": version, "end_of_availability": sold_until, "end_of_life": until}
                for version, sold_until, until in versions
            ]
            for engine, versions in _ENGINES.items()
        },
    }


def instance_sizes() -> Record:
    """The sizes of App Platform instances; numbers are texts, as DigitalOcean writes them."""
    sizes = []
    for slug, (monthly, hourly) in INSTANCE_PRICES.items():
        _, kind, cpus, memory = slug.split("-")
        sizes.append(
            {
                "slug": slug,
                "name": f"{'Shared' if kind == 's' else 'Dedicated'} {memory}",
                "cpu_type": "SHARED" if kind == "s" else "DEDICATED",
                "cpus": cpus.removesuffix("vcpu"),
                "memory_bytes": str(int(float(memory.removesuffix("gb")) * _GIB)),
                "usd_per_month": f"{monthly:.2f}",
                "usd_per_second": f"{hourly / 3600:.12f}",
                "tier_slug": "basic" if monthly == 5 else "professional",
                "scalable": monthly > 5,
                "single_instance_only": monthly == 5,
                "bandwidth_allowance_gib": str(monthly * 10),
            }
        )
    return {"discount_percent": 0.0, "instance_sizes": sizes}


def kubernetes_options() -> Record:
    """Regions, node sizes and versions for new clusters."""
    return {
        "options": {
            "regions": [{"name": one["name"], "slug": one["slug"]} for one in catalog.REGIONS],
            "sizes": [{"name": one["slug"], "slug": one["slug"]} for one in catalog.SIZES],
            "versions": [
                {
                    "slug": f"{version}-do.1",
                    "kubernetes_version": version,
                    "supported_features": ["cluster-autoscaler", "docr-integration", "ha-control-plane"],
                }
                for version in ("1.34.1", "1.33.4", "1.32.8")
            ],
        }
    }


def registry_options() -> Record:
    """The plans of container registries and the regions they can be in."""
    return {
        "options": {
            "available_regions": ["nyc3", "fra1", "sfo3", "ams3", "sgp1"],
            "subscription_tiers": [
                {
                    "slug": slug,
                    "name": name,
                    "included_repositories": repositories,
                    "included_storage_bytes": int(storage * _GIB),
                    "allow_storage_overage": cents > 0,
                    "included_bandwidth_bytes": int(traffic * _GIB),
                    "monthly_price_in_cents": cents,
                    "storage_overage_price_in_cents": 2,
                    "eligible": cents > 0,
                    **({} if cents else {"eligibility_reasons": ["OverRepositoryLimit"]}),
                }
                for slug, name, repositories, storage, traffic, cents in _REGISTRY_TIERS
            ],
        }
    }


def one_clicks(kind: str | None) -> list[Record]:
    """Marketplace applications, of one type (`droplet`, `kubernetes`) or of both."""
    return [{"slug": slug, "type": type_} for slug, type_ in _ONE_CLICKS if kind in {None, type_}]


def accelerator_price(slug: str) -> float:
    """USD an hour of one GPU of Dedicated Inference."""
    return next(float(price) for known, price, _ in _INFERENCE_SIZES if known == slug)


def inference_sizes() -> Record:
    """The GPUs of Dedicated Inference, with the price in each region."""
    return {
        "enabled_regions": INFERENCE_REGIONS,
        "sizes": [
            {"gpu_slug": slug, "price_per_hour": price, "region": region, "currency": "USD"}
            for slug, price, regions in _INFERENCE_SIZES
            for region in regions
        ],
    }
