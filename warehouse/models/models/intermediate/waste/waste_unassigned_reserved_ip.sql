-- A reserved IP costs nothing while it is assigned.
select
    inventory.source_relation,
    inventory.urn,
    'Assigned to no Droplet.' || {{ digitalocean_quolum.cost_sentence() }} as evidence,
    inventory.monthly_cost as saving_monthly,
    'high' as confidence
from {{ ref('resource_inventory') }} as inventory
where inventory.is_listed and inventory.resource_type = 'reserved_ip' and inventory.status = 'unassigned'
