{{ config(materialized='table') }}

-- The figures by which a Droplet is judged, of the days that resource_utilization_30d covers.
select
    utilization.source_relation,
    utilization.urn,
    max(case when utilization.metric = 'cpu_utilization' then utilization.days end) as cpu_days,
    max(case when utilization.metric = 'cpu_utilization' then utilization.average end) as cpu_average,
    max(case when utilization.metric = 'cpu_utilization' then utilization.p95 end) as cpu_p95,
    max(case when utilization.metric = 'cpu_utilization' then utilization.busiest_hour end) as cpu_busiest_hour,
    max(case when utilization.metric = 'cpu_utilization' then utilization.peak end) as cpu_peak,
    max(case when utilization.metric = 'memory_available' then utilization.days end) as memory_days,
    max(case when utilization.metric = 'memory_available' then utilization.peak_percent end) as memory_peak_percent,
    max(case when utilization.metric = 'memory_available' then utilization.capacity - utilization.minimum end) as memory_peak_bytes,
    max(case when utilization.metric = 'memory_available' then utilization.last_day end) as memory_last_day,
    -- An Mbps is 125,000 bytes a second. Traffic in both directions, public and private.
    sum(case when utilization.metric like '%bandwidth%' then utilization.average * 125000 end) as network_bytes_per_second
from {{ ref('resource_utilization_30d') }} as utilization
where utilization.urn like 'do:droplet:%'
group by utilization.source_relation, utilization.urn
