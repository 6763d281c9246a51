"""The names by which the manifest calls the classes it uses; nothing else."""

from source_digitalocean_quolum.cdk_ext.parent_fields import ParentFieldsRouter
from source_digitalocean_quolum.cost.invoices import IssuedInvoicesRouter
from source_digitalocean_quolum.cost.retriever import CostRetriever
from source_digitalocean_quolum.cost.team import TeamRouter
from source_digitalocean_quolum.http.requester import DigitalOceanRequester
from source_digitalocean_quolum.records.schema_loader import LeanSchemaLoader
from source_digitalocean_quolum.retrievers.associated_parents import AssociatedParentsRouter
from source_digitalocean_quolum.retrievers.buffered_list import BufferedListRetriever
from source_digitalocean_quolum.retrievers.changed_parents import ChangedParentsRouter
from source_digitalocean_quolum.retrievers.daily_totals import DailyTotalsRetriever
from source_digitalocean_quolum.retrievers.list_retriever import DigitalOceanRetriever
from source_digitalocean_quolum.retrievers.shared_list import SharedListRetriever
from source_digitalocean_quolum.retrievers.token_pages import TokenPagedRetriever
from source_digitalocean_quolum.spaces.retriever import SpacesRegionsRouter, SpacesRetriever

__all__ = [
    "AssociatedParentsRouter",
    "BufferedListRetriever",
    "ChangedParentsRouter",
    "CostRetriever",
    "DailyTotalsRetriever",
    "DigitalOceanRequester",
    "DigitalOceanRetriever",
    "IssuedInvoicesRouter",
    "LeanSchemaLoader",
    "ParentFieldsRouter",
    "SharedListRetriever",
    "SpacesRegionsRouter",
    "SpacesRetriever",
    "TeamRouter",
    "TokenPagedRetriever",
]
