select
    {{ digitalocean_quolum.surrogate_key(['source_relation', 'usage_date', 'feature', 'region_slug']) }} as feature_cost_key,
    source_relation,
    max(team_urn) as team_urn,
    usage_date,
    feature,
    region_slug,
    sum(amount) as amount,
    count(distinct urn) as resources,
    count(*) as lines,
    max(case when is_issued then 1 else 0 end) = 1 as is_issued
from {{ ref('resource_cost_daily') }}
group by source_relation, usage_date, feature, region_slug
