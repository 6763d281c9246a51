select
    {{ digitalocean_quolum.surrogate_key(['source_relation', 'billing_month', 'is_issued', 'project_name', 'feature']) }} as cost_key,
    source_relation,
    max(team_urn) as team_urn,
    billing_month,
    is_issued,
    project_name,
    project_name is not null as is_attributed,
    feature,
    sum(amount) as amount,
    count(distinct urn) as resources
from {{ ref('int_billed_resources') }}
group by source_relation, billing_month, is_issued, project_name, feature
