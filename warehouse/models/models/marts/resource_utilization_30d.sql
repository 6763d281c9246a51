{%- set since = digitalocean_quolum.start_of_day(
    ref('int_connections'), digitalocean_quolum.add_days('min(as_of_date)', -1 * var('utilization_days'))
) %}

with recent as (
    select utilization.*
    from {{ ref('int_utilization') }} as utilization
    inner join {{ ref('int_connections') }} as connections
        on connections.source_relation = utilization.source_relation
    where utilization.usage_date >= {{ digitalocean_quolum.add_days('connections.as_of_date', -1 * var('utilization_days')) }}
        {%- if since %}
        and utilization.interval_start >= {{ since }}
        {%- endif %}
)

select
    {{ digitalocean_quolum.surrogate_key(['recent.source_relation', 'recent.urn', 'recent.metric', 'recent.labels_key', 'recent.unit']) }} as resource_utilization_key,
    recent.source_relation,
    max(connections.team_urn) as team_urn,
    max(recent.feature) as feature,
    recent.urn,
    max(recent.resource_name) as resource_name,
    recent.metric,
    recent.unit,
    recent.labels_key,
    {{ digitalocean_quolum.rounded('coalesce(' ~ digitalocean_quolum.weighted('recent.average') ~ ', avg(recent.average))') }} as average,
    {{ digitalocean_quolum.rounded(digitalocean_quolum.percentile('recent.average', 0.95)) }} as p95,
    -- The highest sample of a short interval is what a machine does while it starts or updates itself. An average of a day
    -- tells of no hour: there it is the highest sample, which no hour is above.
    {{ digitalocean_quolum.rounded('max(case when recent.seconds <= 3600 then recent.average else coalesce(recent.maximum, recent.average) end)') }} as busiest_hour,
    {{ digitalocean_quolum.rounded('min(recent.minimum)') }} as minimum,
    {{ digitalocean_quolum.rounded('max(recent.maximum)') }} as peak,
    {{ digitalocean_quolum.rounded('max(recent.capacity)') }} as capacity,
    {{ digitalocean_quolum.rounded('coalesce(' ~ digitalocean_quolum.weighted('recent.utilization_percent') ~ ', avg(recent.utilization_percent))') }} as average_percent,
    {{ digitalocean_quolum.rounded(digitalocean_quolum.percentile('recent.utilization_percent', 0.95)) }} as p95_percent,
    {{ digitalocean_quolum.rounded('max(recent.peak_percent)') }} as peak_percent,
    count(distinct recent.usage_date) as days,
    sum(recent.samples) as samples,
    min(recent.usage_date) as first_day,
    max(recent.usage_date) as last_day
from recent
left join {{ ref('int_connections') }} as connections on connections.source_relation = recent.source_relation
group by recent.source_relation, recent.urn, recent.metric, recent.unit, recent.labels_key
