{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key=['source_relation', 'usage_date'],
    on_schema_change='fail'
) }}

-- A day of each series. Built on: days whose intervals may still be completed are read again.
select
    source_relation,
    feature,
    urn,
    metric,
    unit,
    kind,
    labels_key,
    usage_date,
    {{ digitalocean_quolum.month_of('usage_date') }} as billing_month,
    max(resource_name) as resource_name,
    max(region_slug) as region_slug,
    sum(samples) as samples,
    sum(seconds) as seconds,
    coalesce({{ digitalocean_quolum.weighted('average') }}, avg(average)) as average,
    min(minimum) as minimum,
    max(maximum) as maximum,
    coalesce({{ digitalocean_quolum.weighted('utilization_percent') }}, avg(utilization_percent)) as utilization_percent,
    max(peak_percent) as peak_percent,
    sum(average * seconds) as quantity,
    sum(utilization_percent * seconds) as percent_seconds,
    sum(total) as total
from {{ ref('int_utilization') }} as int_utilization
{%- if is_incremental() %}
where usage_date >= coalesce(
    (
        select {{ digitalocean_quolum.add_days('max(built.usage_date)', -1 * var('utilization_lookback_days')) }}
        from {{ this }} as built
        where built.source_relation = int_utilization.source_relation
    ),
    -- A connection that was added since the last build is read whole.
    date '1970-01-01'
)
{%- endif %}
group by source_relation, feature, urn, metric, unit, kind, labels_key, usage_date
