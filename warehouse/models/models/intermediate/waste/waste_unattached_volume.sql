-- AWS Trusted Advisor waits seven days; DigitalOcean does not tell since when a volume is unattached, so its age counts.
select
    inventory.source_relation,
    inventory.urn,
    'Attached to no Droplet; ' || inventory.size || '.' || {{ digitalocean_quolum.cost_sentence() }} as evidence,
    inventory.monthly_cost as saving_monthly,
    'high' as confidence
from {{ ref('resource_inventory') }} as inventory
inner join {{ ref('int_connections') }} as connections on connections.source_relation = inventory.source_relation
where inventory.is_listed
    and inventory.resource_type = 'volume'
    and inventory.status = 'unattached'
    and {{ digitalocean_quolum.days_between(digitalocean_quolum.utc_date('inventory.created_at'), 'connections.as_of_date') }} >= 1
