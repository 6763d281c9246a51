-- All utilization streams under each other.
with rows_read as (
    {%- for stream in ['droplet', 'app', 'load_balancer', 'database', 'kubernetes', 'droplet_autoscale', 'functions',
        'spaces', 'volume', 'registry', 'inference', 'batch_inference', 'dedicated_inference', 'inference_router',
        'managed_agent', 'microvm', 'vector_database'] %}
    select
        source_relation, landed_feature, urn, resource_name, region_slug, metric, unit, kind, labels_key, interval_start,
        interval_end, average, minimum, maximum, samples, total, capacity, utilization_percent
    from {{ ref('stg_digitalocean__' ~ stream ~ '_utilization') }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select
    rows_read.source_relation,
    coalesce(mapping.feature, rows_read.landed_feature) as feature,
    rows_read.urn,
    rows_read.resource_name,
    rows_read.region_slug,
    rows_read.metric,
    rows_read.unit,
    rows_read.kind,
    rows_read.labels_key,
    rows_read.interval_start,
    rows_read.interval_end,
    {{ digitalocean_quolum.utc_date('rows_read.interval_start') }} as usage_date,
    {{ digitalocean_quolum.seconds_between('rows_read.interval_start', 'rows_read.interval_end') }} as seconds,
    rows_read.average,
    rows_read.minimum,
    rows_read.maximum,
    rows_read.samples,
    rows_read.total,
    rows_read.capacity,
    rows_read.utilization_percent,
    {{ digitalocean_quolum.peak_percent() }} as peak_percent
from rows_read
left join {{ ref('feature_mapping') }} as mapping
    on mapping.landed_feature = rows_read.landed_feature
    and mapping.begins_with is null
