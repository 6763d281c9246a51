-- Daily lines carry no ids. Within a month, feature, description and group tell which billed line they belong to; as
-- several resources may have one name, the candidates are counted.
select
    source_relation,
    billing_month,
    landed_feature,
    coalesce(description, '') as description,
    coalesce(group_description, '') as group_description,
    count(distinct coalesce(urn, '')) as candidates,
    min(urn) as urn,
    count(distinct coalesce(project_name, '')) as projects,
    min(project_name) as project_name,
    max(case when is_issued then 1 else 0 end) = 1 as is_issued
from {{ ref('int_billed_lines') }}
group by 1, 2, 3, 4, 5
