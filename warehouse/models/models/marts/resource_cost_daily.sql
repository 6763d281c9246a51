select
    daily.daily_line_key,
    daily.source_relation,
    daily.team_urn,
    daily.usage_date,
    daily.billing_month,
    daily.feature,
    case when names.candidates = 1 then names.urn end as urn,
    coalesce(names.candidates, 0) as candidates,
    case when names.projects = 1 then names.project_name end as project_name,
    daily.region_slug,
    daily.sku,
    daily.description,
    daily.group_description,
    daily.amount,
    coalesce(names.is_issued, false) as is_issued
from {{ ref('int_daily_lines') }} as daily
left join {{ ref('int_billed_names') }} as names
    on names.source_relation = daily.source_relation
    and names.billing_month = daily.billing_month
    and names.landed_feature = daily.landed_feature
    and names.description = coalesce(daily.description, '')
    and names.group_description = coalesce(daily.group_description, '')
