-- DigitalOcean bills a Droplet that is off like one that runs (seeds/waste_rules.csv).
select
    inventory.source_relation,
    inventory.urn,
    'Powered off.' || {{ digitalocean_quolum.cost_sentence() }} as evidence,
    inventory.monthly_cost as saving_monthly,
    'high' as confidence
from {{ ref('resource_inventory') }} as inventory
where inventory.is_listed and inventory.resource_type = 'droplet' and inventory.status = 'off'
