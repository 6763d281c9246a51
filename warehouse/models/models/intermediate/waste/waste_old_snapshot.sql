-- No other tool names an age for snapshots; a year is a variable (old_snapshot_days).
select
    inventory.source_relation,
    inventory.urn,
    'Taken ' || cast({{ digitalocean_quolum.days_between(digitalocean_quolum.utc_date('inventory.created_at'), 'connections.as_of_date') }} as {{ digitalocean_quolum.type_of('text') }})
    || ' days ago; ' || inventory.size || '.' || {{ digitalocean_quolum.cost_sentence() }} as evidence,
    inventory.monthly_cost as saving_monthly,
    'medium' as confidence
from {{ ref('resource_inventory') }} as inventory
inner join {{ ref('int_connections') }} as connections on connections.source_relation = inventory.source_relation
where inventory.is_listed
    and inventory.resource_type = 'snapshot'
    and {{ digitalocean_quolum.days_between(digitalocean_quolum.utc_date('inventory.created_at'), 'connections.as_of_date') }} > {{ var('old_snapshot_days') }}
