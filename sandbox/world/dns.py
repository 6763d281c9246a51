"""DNS zones as they change, their records, the same as in the zone files, and TLS certificates."""

from datetime import datetime, timedelta
from zlib import crc32

from sandbox.clock import stamp
from sandbox.world.databases import PLANTED
from sandbox.world.grouping import Tables
from sandbox.world.history import slots
from sandbox.world.plan import Plan, Record, uuid

# An assumption: somebody renews a certificate by a TXT record, or moves a host.
_CHANGED_EVERY = timedelta(days=50)


def build(plan: Plan, tables: Tables) -> Tables:
    """The tables of this module; gives the first CDN endpoint a domain of the team's own."""
    certificates = _certificates(plan, [domain["name"] for domain in tables["domains"]])
    tables["endpoints"][0] |= {"custom_domain": "assets.example.com", "certificate_id": certificates[0]["id"]}
    return {"certificates": certificates}


def _certificates(plan: Plan, domains: list[str]) -> list[Record]:
    rng = plan.rng("certificates")
    certificates = []
    for index, domain in enumerate(domains):
        custom = index % 3 == 2
        created = plan.past(rng, 85)
        record = {
            "id": uuid(rng),
            "name": f"{'uploaded' if custom else 'managed'}-{domain.replace('.', '-')}",
            "not_after": stamp(created + timedelta(days=365 if custom else 90)),
            "sha1_fingerprint": f"{rng.getrandbits(160):040x}",
            "created_at": stamp(created),
            "dns_names": [domain, f"www.{domain}", f"assets.{domain}"],
            "state": "verified",
            "type": "custom" if custom else "lets_encrypt",
        }
        if custom:
            # DigitalOcean answers without the key; planted so that a connector must drop it all the same.
            record["private_key"] = f"{PLANTED}-certificate-{index}-private-key"
        certificates.append(record)
    return certificates


def zone(plan: Plan, domain: Record, now: datetime) -> Record:
    """The zone with what was changed since the sandbox's first day began: one record, and the number in its SOA."""
    changes = list(slots(plan, f"zone/{domain['name']}", _CHANGED_EVERY, plan.anchor, now))
    if not changes:
        return domain
    _, moment, rng = changes[-1]
    lines = [
        " ".join([*(words := line.split())[:5], str(int(moment.timestamp())), *words[6:]])
        if " IN SOA " in line
        else line
        for line in domain["zone_file"].splitlines()
    ]
    challenge = f'_acme-challenge.{domain["name"]}. 300 IN TXT "{rng.getrandbits(160):040x}"'
    return {**domain, "zone_file": "\n".join([*lines, challenge]) + "\n"}


def records(domain: Record) -> list[Record]:
    """The records of a zone, read from its zone file; ids depend on the zone's name alone."""
    zone = domain["name"]
    lines = [line.split(maxsplit=4) for line in domain["zone_file"].splitlines() if not line.startswith("$")]
    first = 1_000_000 + crc32(zone.encode()) % 1_000_000_000
    rows = []
    for index, words in enumerate(lines):
        soa = words[1] == "IN"
        name, ttl = words[0].removesuffix("."), domain["ttl"] if soa else int(words[1])
        type_, data = ("SOA", str(domain["ttl"])) if soa else (words[3], words[4])
        rows.append(
            {
                "id": first + index,
                "type": type_,
                "name": "@" if name == zone else name.removesuffix(f".{zone}"),
                "data": "@" if data == f"{zone}." else data.strip('"').removesuffix("."),
                "priority": None,
                "port": None,
                "ttl": ttl,
                "weight": None,
                "flags": None,
                "tag": None,
            }
        )
    return rows
