-- Processor and network both idle, as OptScale has it: each alone can be right for a Droplet that keeps things in memory
-- or passes traffic on. A machine that works for some minutes of a day has a low average and a low P95: its busiest hour
-- tells, and not its highest sample, which is what any machine reaches while it updates itself. GPU Droplets have a rule of
-- their own; nodes and members of a pool are sized by their pool.
select
    inventory.source_relation,
    inventory.urn,
    'Processor at ' || {{ digitalocean_quolum.figure('load.cpu_p95') }} || ' % or less for 95 % of the time and at '
    || {{ digitalocean_quolum.figure('load.cpu_busiest_hour') }} || ' % or less in every hour, network at '
    || {{ digitalocean_quolum.figure('load.network_bytes_per_second', 0) }} || ' bytes a second on average, over '
    || cast(load.cpu_days as {{ digitalocean_quolum.type_of('text') }}) || ' days.'
    || {{ digitalocean_quolum.cost_sentence() }} as evidence,
    inventory.monthly_cost as saving_monthly,
    'medium' as confidence
from {{ ref('resource_inventory') }} as inventory
inner join {{ ref('int_droplet_load') }} as load
    on load.source_relation = inventory.source_relation and load.urn = inventory.urn
left join {{ ref('stg_digitalocean__droplets') }} as droplets
    on droplets.source_relation = inventory.source_relation and droplets.urn = inventory.urn
where inventory.is_listed
    and inventory.status = 'active'
    and inventory.managed_by_urn is null
    and not coalesce(droplets.gpu, false)
    and load.cpu_days >= {{ var('waste_minimum_days') }}
    and load.cpu_p95 < {{ var('idle_cpu_percent') }}
    and load.cpu_busiest_hour < {{ var('idle_busiest_hour_percent') }}
    and load.network_bytes_per_second < {{ var('idle_network_bytes_per_second') }}
