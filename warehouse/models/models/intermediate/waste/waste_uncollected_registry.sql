-- Deleted and replaced images are kept, and billed, until a garbage collection. DigitalOcean tells what one would free in
-- Insights only, and no price of the storage beyond the plan that could be put beside it: no saving is claimed.
with collections as (
    select source_relation, registry_urn, max(created_at) as last_collected_at
    from {{ ref('stg_digitalocean__registry_garbage_collections') }}
    where status = 'succeeded'
    group by source_relation, registry_urn
)

select
    inventory.source_relation,
    inventory.urn,
    'No garbage collection has ever succeeded; the registry holds '
    || {{ digitalocean_quolum.figure('registries.storage_usage_bytes / 1073741824.0') }} || ' GiB.' as evidence,
    cast(null as {{ digitalocean_quolum.type_of('money') }}) as saving_monthly,
    'medium' as confidence
from {{ ref('resource_inventory') }} as inventory
inner join {{ ref('int_connections') }} as connections on connections.source_relation = inventory.source_relation
inner join {{ ref('stg_digitalocean__registries') }} as registries
    on registries.source_relation = inventory.source_relation and registries.urn = inventory.urn
left join collections
    on collections.source_relation = inventory.source_relation and collections.registry_urn = inventory.urn
where inventory.is_listed
    and collections.registry_urn is null
    and registries.storage_usage_bytes >= {{ var('uncollected_registry_gib') }} * 1073741824.0
    and {{ digitalocean_quolum.days_between(digitalocean_quolum.utc_date('inventory.created_at'), 'connections.as_of_date') }} >= {{ var('uncollected_registry_days') }}
