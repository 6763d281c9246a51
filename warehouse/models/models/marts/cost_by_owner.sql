-- The owner of the resource; a line without a resource goes to the owner of its project.
with project_owners as (
    select name as project_name, min(owner) as owner
    from {{ ref(var('owners_model')) }}
    where dimension = 'project'
    group by name
),

lines as (
    select
        billed.*,
        coalesce(billed.resource_owner, project_owners.owner) as owner,
        coalesce(billed.owner_source, case when project_owners.owner is not null then 'project' end) as attributed_by
    from {{ ref('int_billed_resources') }} as billed
    left join project_owners on project_owners.project_name = billed.project_name
)

select
    {{ digitalocean_quolum.surrogate_key(['source_relation', 'billing_month', 'is_issued', 'owner', 'attributed_by', 'feature']) }} as cost_key,
    source_relation,
    max(team_urn) as team_urn,
    billing_month,
    is_issued,
    owner,
    owner is not null as is_attributed,
    attributed_by,
    feature,
    sum(amount) as amount,
    count(distinct urn) as resources
from lines
group by source_relation, billing_month, is_issued, owner, attributed_by, feature
