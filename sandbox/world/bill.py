"""The bill of a world: a line for every resource that costs something; the newer products are in billed_products.py.

Prices: DigitalOcean's public price list.
"""

from collections.abc import Iterator
from datetime import timedelta

from sandbox.clock import parse
from sandbox.world import catalog
from sandbox.world.app_specs import INSTANCE_PRICES
from sandbox.world.billables import HOUR, Billable, by_hour, by_month, second
from sandbox.world.billed_products import newer_lines
from sandbox.world.databases import SIZES as DATABASE_SIZES
from sandbox.world.grouping import Tables, project_of
from sandbox.world.plan import Plan, Record
from sandbox.world.resizes import SMALLER, resized_at

# A load test of a world with seeded waste: a whole day, so long before the sandbox's first day.
LOAD_TEST_DROPLETS, LOAD_TEST_BEFORE = 40, timedelta(days=12)
_VOLUME_GIB_CENTS = 10
_SNAPSHOT_GIB_CENTS = 6
_BY_THE_SECOND = ("1-DO-DROP-", "1-DO-GPUD-", "1-KS-K8SWN-")
_SKU_NUMBER = {size["slug"]: index for index, size in enumerate(catalog.SIZES, 101)}


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
            *(self._load_test() if self._plan.waste else ()),
            *self._storage(),
            *self._network(),
            *self._databases(),
            *self._kubernetes(),
            *self._apps(),
            *self._subscriptions(),
            *newer_lines(self._plan, self._tables, self.line),
        ]

    def line(self, record: Record, product: str, sku: str, price: tuple[int, int], **more: str) -> Billable:
        """A line of a record's whole life; by the second where it is of a Droplet."""
        region = record.get("region", {})
        id_ = str(record.get("id", ""))
        start = second(parse(record["created_at"])) if "created_at" in record else 0
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
            start=start if (by_the_second := sku.startswith(_BY_THE_SECOND)) else start - start % HOUR,
            by_the_second=by_the_second,
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
            price = by_hour(size["price_hourly"], size["price_monthly"])
            text = f"{droplet['name']} ({size['slug']})"
            if droplet["id"] in cluster:
                group = cluster[droplet["id"]]
                sku = f"1-KS-K8SWN-{number:05d}"
                yield self.line(droplet, "Kubernetes Clusters", sku, price, description=text, group=group)
                continue
            kind = "GPU Droplets" if "gpu_info" in droplet else "Droplets"
            sku = f"1-DO-{'GPUD' if 'gpu_info' in droplet else 'DROP'}-{number:04d}"
            line = self.line(droplet, kind, sku, price, description=text)
            yield from self._before_resize(droplet, line)
            yield line
            if droplet["backup_ids"]:
                fifth = (price[0] // 5, price[1] // 5)
                text = f"Backups of {droplet['name']}"
                yield self.line(droplet, "Backups", f"1-DO-BKUP-{number:04d}", fifth, description=text)

    def _before_resize(self, droplet: Record, line: Billable) -> Iterator[Billable]:
        """Some Droplets were smaller until the middle of last month: one Droplet, two lines on its invoice."""
        at = resized_at(self._plan, droplet)
        if at is None:
            return
        sku = f"1-DO-DROP-{_SKU_NUMBER[SMALLER['slug']]:04d}"
        price = by_hour(SMALLER["price_hourly"], SMALLER["price_monthly"])
        before = self.line(droplet, "Droplets", sku, price, description=f"{droplet['name']} ({SMALLER['slug']})")
        before.end = line.start = second(at)
        yield before

    def _gone(self) -> Iterator[Billable]:
        rng = self._plan.rng("gone")
        span = second(self._plan.anchor) - second(self._plan.horizon)
        for index in range(self._plan.droplets // 15):
            size = catalog.SIZE[rng.choice(["s-1vcpu-1gb", "s-2vcpu-4gb", "c-2"])]
            region = rng.choice(catalog.HOME_REGIONS)
            record = {"id": 390_000_000 + 17 * index, "name": f"ci-runner-{region}-{index:05d}"}
            sku = f"1-DO-DROP-{_SKU_NUMBER[size['slug']]:04d}"
            price = by_hour(size["price_hourly"], size["price_monthly"])
            text = f"{record['name']} ({size['slug']})"
            line = self.line(record, "Droplets", sku, price, description=text, region=region)
            line.start = second(self._plan.horizon) + rng.randrange(span)
            line.end = min(line.start + rng.randrange(2 * HOUR, 900 * HOUR), second(self._plan.anchor))
            yield line

    def _load_test(self) -> Iterator[Billable]:
        """Droplets that somebody started for a day: a jump of that day's cost, for an analysis to find."""
        size = catalog.SIZE["m-2vcpu-16gb"]
        price = by_hour(size["price_hourly"], size["price_monthly"])
        sku = f"1-DO-DROP-{_SKU_NUMBER[size['slug']]:04d}"
        region = catalog.HOME_REGIONS[0]
        for index in range(LOAD_TEST_DROPLETS):
            record = {"id": 395_000_000 + 13 * index, "name": f"load-test-{region}-{index:05d}"}
            text = f"{record['name']} ({size['slug']})"
            line = self.line(record, "Droplets", sku, price, description=text, region=region)
            line.start = second(self._plan.anchor - LOAD_TEST_BEFORE)
            line.end = line.start + 24 * HOUR
            yield line

    def _storage(self) -> Iterator[Billable]:
        for volume in self._tables["volumes"]:
            price = by_month(volume["size_gigabytes"] * _VOLUME_GIB_CENTS)
            text = f"{volume['name']} ({volume['size_gigabytes']} GiB)"
            yield self.line(volume, "Volumes", "1-BS-VOLM-0001", price, description=text)
        for one in self._tables["snapshots"]:
            price = by_month(round(one["size_gigabytes"] * _SNAPSHOT_GIB_CENTS))
            text = f"{one['name']} ({one['size_gigabytes']} GiB)"
            region = one["regions"][0]
            yield self.line(one, "Snapshots", "1-DO-SNAP-0001", price, description=text, region=region)
        spaces: Record = {"id": "", "name": "Spaces Subscription"}
        yield self.line(spaces, "Spaces Subscription", "1-SP-SUBS-0001", by_month(500))

    def _network(self) -> Iterator[Billable]:
        for one in self._tables["load_balancers"]:
            price = by_month(1200 * one["size_unit"])
            text = f"{one['name']} ({one['size_unit']} x {one['type']})"
            yield self.line(one, "Load Balancers", "1-LB-NODE-0001", price, description=text)
        for one in self._tables["reserved_ips"]:
            if one["droplet"] is None:
                yield self.line({**one, "name": one["ip"]}, "Reserved IPs", "1-DO-RSIP-0001", by_month(500))

    def _databases(self) -> Iterator[Billable]:
        for one in self._tables["databases"]:
            monthly, hourly, _ = DATABASE_SIZES[one["size"]]
            price = by_hour(hourly * one["num_nodes"], monthly * one["num_nodes"])
            sku = f"1-DB-{one['engine'].upper()}-{list(DATABASE_SIZES).index(one['size']):05d}"
            text = f"{one['name']} ({one['num_nodes']} x {one['size']})"
            region, name = one["region"], one["name"]
            yield self.line(one, "Database Clusters", sku, price, description=text, region=region, group=name)

    def _kubernetes(self) -> Iterator[Billable]:
        for one in self._tables["kubernetes_clusters"]:
            if one["ha"]:
                text, sku = f"{one['name']} (high availability)", "1-KS-K8SHA-00001"
                more = {"description": text, "region": one["region"], "group": one["name"]}
                yield self.line(one, "Kubernetes Clusters", sku, by_hour(0.05952, 40), **more)

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
                yield self.line(app, "App Platform", sku, by_hour(hourly * count, monthly * count), **more)

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
            yield self.line(subscription, product, sku, by_month(monthly), description=text)
