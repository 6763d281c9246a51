-- DigitalOcean tells no prices of database plans. The next smaller plan has half the processors and memory and costs about
-- half: the saving is half of what was billed, and an estimate.
with load as (
    select
        source_relation, urn,
        max(case when metric = 'cpu_utilization' then days end) as days,
        max(case when metric = 'cpu_utilization' then peak end) as cpu_peak,
        max(case when metric = 'memory_utilization' then peak end) as memory_peak
    from {{ ref('resource_utilization_30d') }}
    where urn like 'do:dbaas:%'
    group by source_relation, urn
)

select
    inventory.source_relation,
    inventory.urn,
    'Processor at most ' || {{ digitalocean_quolum.figure('load.cpu_peak') }} || ' % and memory at most '
    || {{ digitalocean_quolum.figure('load.memory_peak') }} || ' % over '
    || cast(load.days as {{ digitalocean_quolum.type_of('text') }}) || ' days.' || {{ digitalocean_quolum.cost_sentence() }}
    || ' The saving is half of that, as the next smaller plan costs about half.' as evidence,
    inventory.monthly_cost / 2 as saving_monthly,
    'low' as confidence
from {{ ref('resource_inventory') }} as inventory
inner join load on load.source_relation = inventory.source_relation and load.urn = inventory.urn
left join {{ ref('waste_database_without_connections') }} as idle
    on idle.source_relation = inventory.source_relation and idle.urn = inventory.urn
-- The smallest plans have nothing below them.
inner join {{ ref('stg_digitalocean__database_clusters') }} as clusters
    on clusters.source_relation = inventory.source_relation
    and clusters.urn = inventory.urn
    and clusters.size_slug not like '%-1vcpu-1gb'
where inventory.is_listed
    and load.days >= {{ var('waste_minimum_days') }}
    and load.cpu_peak < {{ var('oversized_database_cpu_percent') }}
    and load.memory_peak < {{ var('oversized_database_memory_percent') }}
    and idle.urn is null
