{{ config(
    materialized='incremental',
    incremental_strategy='insert_overwrite' if target.type == 'bigquery' else 'delete+insert',
    unique_key=['source_relation', 'usage_date'],
    partition_by={'field': 'usage_date', 'data_type': 'date'} if target.type == 'bigquery' else none,
    on_schema_change='fail'
) }}

-- A day of each series. Built on: days whose intervals may still be completed are read again.
{%- set since = '' -%}
{%- if is_incremental() -%}
    {%- set lookback = -1 * var('utilization_lookback_days') -%}
    {#- One bound for all connections; one that was added since the last build is read whole, and so there is none. #}
    {%- set since = digitalocean_quolum.start_of_day(
        this,
        'case when count(distinct source_relation) >= ' ~ var('digitalocean_schemas') | length ~ ' then '
        ~ digitalocean_quolum.add_days(
            '(select min(newest) from (select max(usage_date) as newest from ' ~ this ~ ' group by source_relation) as days)', lookback
        ) ~ ' end'
    ) -%}
{%- endif %}
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
from {{ ref('int_utilization') }}
{%- if since %}
where interval_start >= {{ since }}
{%- endif %}
group by source_relation, feature, urn, metric, unit, kind, labels_key, usage_date
