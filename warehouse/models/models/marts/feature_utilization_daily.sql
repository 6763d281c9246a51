-- Resources of the same kind that existed on the day and have no figure stand beside those that have one.
with measured as (
    select
        source_relation, usage_date, feature, metric, unit,
        {{ digitalocean_quolum.resource_type('urn') }} as resource_type,
        {{ digitalocean_quolum.rounded('coalesce(' ~ digitalocean_quolum.weighted('average') ~ ', avg(average))') }} as average,
        {{ digitalocean_quolum.rounded('max(maximum)') }} as maximum,
        {{ digitalocean_quolum.rounded('coalesce(' ~ digitalocean_quolum.weighted('utilization_percent') ~ ', avg(utilization_percent))') }} as utilization_percent,
        {{ digitalocean_quolum.rounded('max(peak_percent)') }} as peak_percent,
        sum(samples) as samples,
        count(distinct urn) as resources_measured
    from {{ ref('int_utilization_daily') }}
    group by source_relation, usage_date, feature, metric, unit, {{ digitalocean_quolum.resource_type('urn') }}
),

days as (
    select source_relation, usage_date, resource_type
    from measured
    group by source_relation, usage_date, resource_type
),

existing as (
    select days.source_relation, days.usage_date, days.resource_type, count(*) as resources
    from days
    inner join {{ ref('resource_inventory') }} as inventory
        on inventory.source_relation = days.source_relation
        and inventory.resource_type = days.resource_type
        and inventory.first_seen_on <= days.usage_date
        and (inventory.last_seen_on >= days.usage_date or inventory.is_listed)
    group by days.source_relation, days.usage_date, days.resource_type
)

select
    {{ digitalocean_quolum.surrogate_key(['measured.source_relation', 'measured.usage_date', 'measured.feature', 'measured.metric', 'measured.unit', 'measured.resource_type']) }} as feature_utilization_key,
    measured.source_relation,
    connections.team_urn,
    measured.usage_date,
    measured.feature,
    measured.resource_type,
    measured.metric,
    measured.unit,
    measured.average,
    measured.maximum,
    measured.utilization_percent,
    measured.peak_percent,
    measured.samples,
    measured.resources_measured,
    greatest(coalesce(existing.resources, 0) - measured.resources_measured, 0) as resources_not_measured
from measured
left join existing
    on existing.source_relation = measured.source_relation
    and existing.usage_date = measured.usage_date
    and existing.resource_type = measured.resource_type
left join {{ ref('int_connections') }} as connections on connections.source_relation = measured.source_relation
