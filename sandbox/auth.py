"""Tokens and scopes: who is asking, and what they may read."""

import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime

from sandbox.clock import Clock
from sandbox.problems import forbidden, unauthorized

# Scope -> what the consent page says. Names: DigitalOcean token scopes, as the API specification lists them.
SCOPES = {
    "account:read": "See the team's name, limits and account status",
    "actions:read": "See the history of actions on resources",
    "addon:read": "See Marketplace add-ons",
    "app:read": "See App Platform apps",
    "billing:read": "See invoices, balance and daily cost",
    "block_storage:read": "See volumes",
    "block_storage_action:read": "See the history of volume actions",
    "block_storage_snapshot:read": "See volume snapshots",
    "byoip_prefix:read": "See bring-your-own-IP prefixes",
    "cdn:read": "See CDN endpoints",
    "certificate:read": "See certificates",
    "database:read": "See managed database clusters",
    "database:view_credentials": "See database connection credentials",
    "dedicated_inference:read": "See dedicated inference endpoints",
    "dedicated_inference_tokens:read": "See the tokens of dedicated inference endpoints",
    "domain:read": "See domains and DNS records",
    "droplet:read": "See Droplets",
    "firewall:read": "See cloud firewalls",
    "function:admin": "Manage function namespaces",
    "function:read": "See function namespaces",
    "genai:read": "See AI agents and knowledge bases",
    "image:read": "See images, snapshots and backups",
    "insights:read": "See metrics in Insights",
    "kubernetes:read": "See Kubernetes clusters",
    "load_balancer:read": "See load balancers",
    "microvm:read": "See MicroVMs",
    "monitoring:read": "See metrics and alert policies",
    "nat_gateway:read": "See NAT gateways",
    "nfs:list": "See network file shares",
    "organization:read": "See the organization's teams",
    "partner_network_connect:read": "See partner attachments",
    "project:read": "See projects and what belongs to them",
    "regions:read": "See regions",
    "registry:read": "See container registries",
    "reserved_ip:read": "See reserved IPs",
    "security:read": "See security scans and their findings",
    "sizes:read": "See Droplet sizes and prices",
    "snapshot:read": "See snapshots",
    "spaces_key:read": "See the names of Spaces keys",
    "ssh_key:read": "See SSH keys",
    "tag:read": "See tags",
    "uptime:read": "See uptime checks",
    "vpc:read": "See VPC networks",
    "vpc_peering:read": "See VPC peerings",
}
_READ, _WRITE = "Read every resource, metric and bill of this team", "Create, change and delete resources of this team"
SCOPES |= {"read": _READ, "api:read": _READ, "write": _WRITE, "api:write": _WRITE}
WRITING = frozenset({"write", "api:write", "function:admin"})
READ_EVERYTHING = frozenset({"read", "api:read", "write", "api:write"})
TOKEN_SHAPE = re.compile(r"do[opr]_v1_[0-9a-f]+")


def covers(granted: frozenset[str], scope: str) -> bool:
    """Whether the granted scopes let a request read what `scope` protects."""
    return scope in granted or not READ_EVERYTHING.isdisjoint(granted)


@dataclass
class Token:
    """An access token and what it may do; `expires_at` None means never, `team_uuid` None the first team."""

    value: str
    kind: str
    scopes: frozenset[str]
    created_at: datetime
    expires_at: datetime | None = None
    client_id: str | None = None
    team_uuid: str | None = None


@dataclass
class Tokens:
    """Every token that is alive."""

    clock: Clock
    _alive: dict[str, Token] = field(default_factory=dict)

    def personal(self, scopes: frozenset[str]) -> Token:
        """A personal access token without expiry."""
        return self.keep(Token("dop_v1_" + secrets.token_hex(32), "personal", scopes, self.clock.now()))

    def keep(self, token: Token) -> Token:
        """Make a token valid."""
        self._alive[token.value] = token
        return token

    def revoke(self, value: str) -> bool:
        """End a token; False when it was not alive."""
        return self._alive.pop(value, None) is not None

    def find(self, authorization: str | None) -> Token | None:
        """The living token of an `Authorization: Bearer` header."""
        scheme, _, value = (authorization or "").partition(" ")
        token = self._alive.get(value.strip()) if scheme.lower() == "bearer" else None
        if token and token.expires_at and token.expires_at <= self.clock.now():
            return None
        return token


def require(token: Token | None, scopes: tuple[str, ...]) -> frozenset[str]:
    """The token's scopes; 401 without a living token, 403 when one of `scopes` is missing."""
    if token is None:
        raise unauthorized()
    if not all(covers(token.scopes, scope) for scope in scopes):
        raise forbidden()
    return token.scopes
