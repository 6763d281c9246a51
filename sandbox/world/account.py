"""The team, its owner and its SSH keys."""

from dataclasses import dataclass

from sandbox.world.plan import Plan, Record, uuid

_TEAMS = ["Harbour Lights", "Blue Lantern", "Northwind Data", "Tidepool Labs", "Cedar & Salt"]


@dataclass
class Account:
    """Who the tokens belong to; `status` and `email_verified` can be changed while the sandbox runs."""

    uuid: str
    name: str
    email: str
    team_uuid: str
    team_name: str
    droplet_limit: int
    status: str = "active"
    status_message: str = ""
    email_verified: bool = True

    def record(self) -> Record:
        """The record that GET /v2/account wraps."""
        return {
            "droplet_limit": self.droplet_limit,
            "floating_ip_limit": max(5, self.droplet_limit // 5),
            "email": self.email,
            "name": self.name,
            "uuid": self.uuid,
            "email_verified": self.email_verified,
            "status": self.status,
            "status_message": self.status_message,
            "team": {"uuid": self.team_uuid, "name": self.team_name},
        }


def build_account(plan: Plan) -> Account:
    """The account of this world."""
    rng = plan.rng("account")
    return Account(
        uuid=uuid(rng).replace("-", ""),
        name="Robin Shore",
        email="robin.shore@example.com",
        team_uuid=uuid(rng),
        team_name=rng.choice(_TEAMS),
        droplet_limit=max(25, plan.droplets * 3 // 2),
    )


def build_ssh_keys(plan: Plan) -> list[Record]:
    """A handful of public keys."""
    rng = plan.rng("ssh_keys")
    return [
        {
            "id": 40_100_000 + 311 * index,
            "fingerprint": ":".join(f"{rng.randrange(256):02x}" for _ in range(16)),
            "public_key": f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{rng.getrandbits(200):050x} {name}@example.com",
            "name": f"{name}-laptop",
        }
        for index, name in enumerate(["robin", "sasha", "imani", "deploy", "ci"])
    ]
