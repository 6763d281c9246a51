-- The list of what the snapshot was taken of must have been read: a stream that is not selected is no sign of deletion.
with lists as (
    select distinct source_relation, resource_type
    from {{ ref('resource_inventory') }}
    where is_listed and resource_type in ('droplet', 'volume')
)

select
    inventory.source_relation,
    inventory.urn,
    'The ' || snapshots.resource_type || ' it was taken of does not exist any more; ' || inventory.size || '.'
    || {{ digitalocean_quolum.cost_sentence() }} as evidence,
    inventory.monthly_cost as saving_monthly,
    'medium' as confidence
from {{ ref('resource_inventory') }} as inventory
inner join {{ ref('stg_digitalocean__snapshots') }} as snapshots
    on snapshots.source_relation = inventory.source_relation and snapshots.urn = inventory.urn
inner join lists
    on lists.source_relation = snapshots.source_relation and lists.resource_type = snapshots.resource_type
left join {{ ref('resource_inventory') }} as origin
    on origin.source_relation = snapshots.source_relation and origin.urn = snapshots.resource_urn and origin.is_listed
where inventory.is_listed and snapshots.resource_urn is not null and origin.urn is null
