"""What is secret, by name and by shape: one table (table.py) for records, logs, traces, states and messages.

`redact_text` and `redact_value` blank what has the shape of a secret, and the run's own secrets wherever they stand.
`is_secret_name` and `is_secret_field` judge a field by its name. `may_hold_secrets` tells, at the speed of memory,
which bytes need no such look.
"""

from source_digitalocean_quolum.redaction.names import is_secret_field, is_secret_list, is_secret_name
from source_digitalocean_quolum.redaction.own_secrets import OwnSecrets, own_secrets
from source_digitalocean_quolum.redaction.table import REMOVED
from source_digitalocean_quolum.redaction.texts import (
    holds_look_alikes_only,
    may_hold_secrets,
    redact_text,
    redact_value,
)

__all__ = [
    "REMOVED",
    "OwnSecrets",
    "holds_look_alikes_only",
    "is_secret_field",
    "is_secret_list",
    "is_secret_name",
    "may_hold_secrets",
    "own_secrets",
    "redact_text",
    "redact_value",
]
