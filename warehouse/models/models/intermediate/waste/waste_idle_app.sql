-- By requests where they are measured (Insights), and by the processor; with less confidence where one of them is unknown. Workers and jobs
-- get no requests, and a job may be short: an app whose processor was busy in any hour is not idle.
with load as (
    select
        source_relation, urn,
        86400 * sum(case when metric = 'requests' then average end) as requests_a_day,
        max(case when metric = 'cpu_utilization' then p95 end) as cpu_p95,
        max(case when metric = 'cpu_utilization' then busiest_hour end) as cpu_busiest_hour,
        max(case when metric in ('cpu_utilization', 'requests') then days end) as days
    from {{ ref('resource_utilization_30d') }}
    where urn like 'do:app:%'
    group by source_relation, urn
)

select
    inventory.source_relation,
    inventory.urn,
    case
        when load.requests_a_day is not null
            then {{ digitalocean_quolum.figure('load.requests_a_day') }} || ' requests a day on average over '
        else 'Processor at ' || {{ digitalocean_quolum.figure('load.cpu_p95') }} || ' % or less for 95 % of the time over '
    end
    || cast(load.days as {{ digitalocean_quolum.type_of('text') }}) || ' days.'
    || case when load.cpu_busiest_hour is null then ' Its processor was not measured.' else '' end
    || {{ digitalocean_quolum.cost_sentence() }} as evidence,
    inventory.monthly_cost as saving_monthly,
    case when load.requests_a_day is not null and load.cpu_busiest_hour is not null then 'medium' else 'low' end as confidence
from {{ ref('resource_inventory') }} as inventory
inner join load on load.source_relation = inventory.source_relation and load.urn = inventory.urn
where inventory.is_listed
    and load.days >= {{ var('waste_minimum_days') }}
    and coalesce(load.cpu_busiest_hour, 0) < {{ var('idle_busiest_hour_percent') }}
    and (
        load.requests_a_day < {{ var('idle_app_requests_per_day') }}
        or (load.requests_a_day is null and load.cpu_p95 < {{ var('idle_app_cpu_percent') }})
    )
