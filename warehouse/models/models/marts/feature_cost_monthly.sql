select
    {{ digitalocean_quolum.surrogate_key(['source_relation', 'billing_month', 'is_issued', 'feature', 'region_slug']) }} as feature_cost_key,
    source_relation,
    max(team_urn) as team_urn,
    billing_month,
    feature,
    region_slug,
    sum(amount) as amount,
    count(distinct urn) as resources,
    count(*) as lines,
    is_issued,
    case when is_issued then 'issued' else 'preview' end as invoice_status
from {{ ref('int_billed_resources') }}
group by source_relation, billing_month, is_issued, feature, region_slug
