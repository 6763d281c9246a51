"""What is billed, hour by hour: every resource of the world with its SKU, price and life.

Prices: DigitalOcean's public price list. A month costs at most 672 hours of the hourly price.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from sandbox.clock import parse
from sandbox.world import catalog
from sandbox.world.app_specs import INSTANCE_PRICES
from sandbox.world.databases import SIZES as DATABASE_SIZES
from sandbox.world.grouping import Tables, project_of
from sandbox.world.plan import Plan, Record
from sandbox.world.resizes import SMALLER, resized_at

FOREVER = 1 << 40
_CAP_HOURS = 672
_VOLUME_GIB_CENTS = 10
_SNAPSHOT_GIB_CENTS = 6
_SKU_NUMBER = {size["slug"]: index for index, size in enumerate(catalog.SIZES, 101)}


def hour(moment: datetime) -> int:
    """Hours since 1970, rounded down."""
    return int(moment.timestamp()) // 3600


def moment(hours: int) -> datetime:
    """The inverse of `hour`."""
    return datetime.fromtimestamp(hours * 3600, UTC)


@dataclass(slots=True)
class Billable:
    """One billed line. `hourly` is in 1e-8 USD, `monthly` in cents (the cap), `start` and `end` in hours."""

    product: str
    sku: str
    region: str
    description: str
    group: str
    resource_id: str
    resource_uuid: str
    project: str
    hourly: int
    monthly: int
    start: int
    end: int = FOREVER

    def cents(self, first: int, last: int) -> int:
        """Charge for its hours within [first, last), both in one month: hours x price, at most the cap."""
        hours = min(self.end, last) - max(self.start, first)
        return min((hours * self.hourly + 500_000) // 1_000_000, self.monthly) if hours > 0 else 0


def _by_month(cents: int) -> tuple[int, int]:
    return round(cents * 1_000_000 / _CAP_HOURS), cents


def _by_hour(hourly: float, monthly: float) -> tuple[int, int]:
    return round(hourly * 10**8), round(monthly * 100)


class Bill:
    """Builds the billed lines of a world's tables."""

    def __init__(self, plan: Plan, tables: Tables) -> None:
        self._plan = plan
        self._tables = tables

    def lines(self) -> list[Billable]:
        """Every billed line, those of resources that no longer exist included."""
        return [
            *self._droplets(),
            *self._gone(),
            *self._storage(),
            *self._network(),
            *self._databases(),
            *self._kubernetes(),
            *self._apps(),
            *self._subscriptions(),
        ]

    def _line(self, record: Record, product: str, sku: str, price: tuple[int, int], **more: str) -> Billable:
        region = record.get("region", {})
        id_ = str(record.get("id", ""))
        return Billable(
            product=product,
            sku=sku,
            region=more.get("region", region["slug"] if isinstance(region, dict) and region else "global"),
            description=more.get("description") or str(record["name"]),
            group=more.get("group", ""),
            resource_id=id_ if id_.isdigit() else "",
            resource_uuid="" if id_.isdigit() else id_,
            project=project_of(self._tables["projects"], record)["name"],
            hourly=price[0],
            monthly=price[1],
            start=hour(parse(record["created_at"])) if "created_at" in record else 0,
        )

    def _droplets(self) -> Iterator[Billable]:
        cluster = {
            int(node["droplet_id"]): one["name"]
            for one in self._tables["kubernetes_clusters"]
            for pool in one["node_pools"]
            for node in pool["nodes"]
        }
        for droplet in [*self._tables["droplets"], *self._tables["gpu_droplets"]]:
            size = droplet["size"]
            number = _SKU_NUMBER[size["slug"]]
            price = _by_hour(size["price_hourly"], size["price_monthly"])
            text = f"{droplet['name']} ({size['slug']})"
            if droplet["id"] in cluster:
                group = cluster[droplet["id"]]
                sku = f"1-KS-K8SWN-{number:05d}"
                yield self._line(droplet, "Kubernetes Clusters", sku, price, description=text, group=group)
                continue
            kind = "GPU Droplets" if "gpu_info" in droplet else "Droplets"
            sku = f"1-DO-{'GPUD' if 'gpu_info' in droplet else 'DROP'}-{number:04d}"
            line = self._line(droplet, kind, sku, price, description=text)
            yield from self._before_resize(droplet, line)
            yield line
            if droplet["backup_ids"]:
                fifth = (price[0] // 5, price[1] // 5)
                text = f"Backups of {droplet['name']}"
                yield self._line(droplet, "Backups", f"1-DO-BKUP-{number:04d}", fifth, description=text)

    def _before_resize(self, droplet: Record, line: Billable) -> Iterator[Billable]:
        """Some Droplets were smaller until the middle of last month: one Droplet, two lines on its invoice."""
        at = resized_at(self._plan, droplet)
        if at is None:
            return
        sku = f"1-DO-DROP-{_SKU_NUMBER[SMALLER['slug']]:04d}"
        price = _by_hour(SMALLER["price_hourly"], SMALLER["price_monthly"])
        before = self._line(droplet, "Droplets", sku, price, description=f"{droplet['name']} ({SMALLER['slug']})")
        before.end = line.start = hour(at)
        yield before

    def _gone(self) -> Iterator[Billable]:
        rng = self._plan.rng("gone")
        span = hour(self._plan.anchor) - hour(self._plan.horizon)
        for index in range(self._plan.droplets // 15):
            size = catalog.SIZE[rng.choice(["s-1vcpu-1gb", "s-2vcpu-4gb", "c-2"])]
            region = rng.choice(catalog.HOME_REGIONS)
            record = {"id": 390_000_000 + 17 * index, "name": f"ci-runner-{region}-{index:05d}"}
            sku = f"1-DO-DROP-{_SKU_NUMBER[size['slug']]:04d}"
            price = _by_hour(size["price_hourly"], size["price_monthly"])
            text = f"{record['name']} ({size['slug']})"
            line = self._line(record, "Droplets", sku, price, description=text, region=region)
            line.start = hour(self._plan.horizon) + rng.randrange(span)
            line.end = min(line.start + rng.randrange(2, 900), hour(self._plan.anchor))
            yield line

    def _storage(self) -> Iterator[Billable]:
        for volume in self._tables["volumes"]:
            price = _by_month(volume["size_gigabytes"] * _VOLUME_GIB_CENTS)
            text = f"{volume['name']} ({volume['size_gigabytes']} GiB)"
            yield self._line(volume, "Volumes", "1-BS-VOLM-0001", price, description=text)
        for one in self._tables["snapshots"]:
            price = _by_month(round(one["size_gigabytes"] * _SNAPSHOT_GIB_CENTS))
            text = f"{one['name']} ({one['size_gigabytes']} GiB)"
            region = one["regions"][0]
            yield self._line(one, "Snapshots", "1-DO-SNAP-0001", price, description=text, region=region)
        spaces: Record = {"id": "", "name": "Spaces Subscription"}
        yield self._line(spaces, "Spaces Subscription", "1-SP-SUBS-0001", _by_month(500))

    def _network(self) -> Iterator[Billable]:
        for one in self._tables["load_balancers"]:
            price = _by_month(1200 * one["size_unit"])
            text = f"{one['name']} ({one['size_unit']} x {one['type']})"
            yield self._line(one, "Load Balancers", "1-LB-NODE-0001", price, description=text)
        for one in self._tables["reserved_ips"]:
            if one["droplet"] is None:
                yield self._line({**one, "name": one["ip"]}, "Reserved IPs", "1-DO-RSIP-0001", _by_month(500))

    def _databases(self) -> Iterator[Billable]:
        for one in self._tables["databases"]:
            monthly, hourly, _ = DATABASE_SIZES[one["size"]]
            price = _by_hour(hourly * one["num_nodes"], monthly * one["num_nodes"])
            sku = f"1-DB-{one['engine'].upper()}-{list(DATABASE_SIZES).index(one['size']):05d}"
            text = f"{one['name']} ({one['num_nodes']} x {one['size']})"
            region, name = one["region"], one["name"]
            yield self._line(one, "Database Clusters", sku, price, description=text, region=region, group=name)

    def _kubernetes(self) -> Iterator[Billable]:
        for one in self._tables["kubernetes_clusters"]:
            if one["ha"]:
                text, sku = f"{one['name']} (high availability)", "1-KS-K8SHA-00001"
                more = {"description": text, "region": one["region"], "group": one["name"]}
                yield self._line(one, "Kubernetes Clusters", sku, _by_hour(0.05952, 40), **more)

    def _apps(self) -> Iterator[Billable]:
        for app in self._tables["apps"]:
            for component in [*app["spec"].get("services", []), *app["spec"].get("workers", [])]:
                slug, count = component["instance_size_slug"], component["instance_count"]
                monthly, hourly = INSTANCE_PRICES[slug]
                more = {
                    "description": f"{app['spec']['name']}/{component['name']} ({count} x {slug})",
                    "region": app["region"]["data_centers"][0],
                    "group": app["spec"]["name"],
                }
                sku = f"1-AP-INST-{list(INSTANCE_PRICES).index(slug):04d}"
                yield self._line(app, "App Platform", sku, _by_hour(hourly * count, monthly * count), **more)

    def _subscriptions(self) -> Iterator[Billable]:
        """Products billed for the team as a whole."""
        if not self._plan.droplets:
            return
        products = [
            ("Container Registry", "1-CR-SUBS-0001", "Container Registry (basic)", 500),
            ("Functions", "1-FN-GBSC-0001", "Functions (GiB-seconds)", 130 + self._plan.droplets),
            ("Gradient AI Platform", "1-AI-TOKN-0001", "Serverless Inference (tokens)", 900 + 7 * self._plan.droplets),
            ("Premium Support", "1-SU-PREM-0001", "Premium Support", 9900),
        ]
        for product, sku, text, monthly in products:
            subscription: Record = {"id": "", "name": product}
            yield self._line(subscription, product, sku, _by_month(monthly), description=text)
