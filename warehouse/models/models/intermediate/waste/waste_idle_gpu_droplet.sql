-- DigitalOcean measures no GPU of a Droplet. A machine whose processors do nothing feeds no GPU either.
select
    inventory.source_relation,
    inventory.urn,
    'GPU Droplet with its processors at ' || {{ digitalocean_quolum.figure('load.cpu_p95') }} || ' % or less for 95 % of the time and at '
    || {{ digitalocean_quolum.figure('load.cpu_busiest_hour') }} || ' % or less in every hour, over '
    || cast(load.cpu_days as {{ digitalocean_quolum.type_of('text') }}) || ' days; its GPUs are not measured.'
    || {{ digitalocean_quolum.cost_sentence() }} as evidence,
    inventory.monthly_cost as saving_monthly,
    'medium' as confidence
from {{ ref('resource_inventory') }} as inventory
inner join {{ ref('stg_digitalocean__droplets') }} as droplets
    on droplets.source_relation = inventory.source_relation and droplets.urn = inventory.urn
inner join {{ ref('int_droplet_load') }} as load
    on load.source_relation = inventory.source_relation and load.urn = inventory.urn
where inventory.is_listed
    and inventory.status = 'active'
    and droplets.gpu
    and load.cpu_days >= {{ var('waste_minimum_days') }}
    and load.cpu_p95 < {{ var('idle_gpu_percent') }}
    and load.cpu_busiest_hour < {{ var('idle_busiest_hour_percent') }}
