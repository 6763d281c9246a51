with source as (
    {{ digitalocean_quolum.read_utilization('dedicated_inference_utilization') }}
)

select
    source_relation,
    extracted_at,
    feature as landed_feature,
    resource_urn as urn,
    resource_name,
    region as region_slug,
    metric,
    unit,
    kind,
    labels,
    coalesce(labels_key, '') as labels_key,
    interval_start,
    interval_end,
    average,
    minimum,
    maximum,
    last,
    samples,
    total,
    capacity,
    utilization_percent,
    source
from source
