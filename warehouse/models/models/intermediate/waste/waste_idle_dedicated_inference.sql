-- All GPUs of the endpoint must have been idle: one that works needs the others of its replica. What works for some minutes
-- of a day has a low P95, and is not idle.
with load as (
    select source_relation, urn, max(p95) as occupancy_p95, max(busiest_hour) as busiest_hour, max(days) as days
    from {{ ref('resource_utilization_30d') }}
    where urn like 'do:dedicated_inference:%' and metric = 'gpu_occupancy'
    group by source_relation, urn
)

select
    inventory.source_relation,
    inventory.urn,
    'GPUs occupied for ' || {{ digitalocean_quolum.figure('load.occupancy_p95') }} || ' % or less in 95 % of the time and for '
    || {{ digitalocean_quolum.figure('load.busiest_hour') }} || ' % or less in every hour, over '
    || cast(load.days as {{ digitalocean_quolum.type_of('text') }}) || ' days.' || {{ digitalocean_quolum.cost_sentence() }} as evidence,
    inventory.monthly_cost as saving_monthly,
    'medium' as confidence
from {{ ref('resource_inventory') }} as inventory
inner join load on load.source_relation = inventory.source_relation and load.urn = inventory.urn
where inventory.is_listed
    and load.days >= {{ var('waste_minimum_days') }}
    and load.occupancy_p95 < {{ var('idle_gpu_percent') }}
    and load.busiest_hour < {{ var('idle_busiest_hour_percent') }}
