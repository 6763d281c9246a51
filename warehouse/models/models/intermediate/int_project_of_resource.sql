-- A resource is in one project; should two lists disagree during a move, the newest assignment counts.
with assignments as (
    select
        resources.source_relation,
        resources.urn,
        projects.project_id,
        projects.project_name,
        row_number() over (
            partition by resources.source_relation, resources.urn
            order by resources.assigned_at desc nulls last, projects.project_id
        ) as nth_newest
    from {{ ref('stg_digitalocean__project_resources') }} as resources
    inner join {{ ref('stg_digitalocean__projects') }} as projects
        on projects.source_relation = resources.source_relation
        and projects.project_id = resources.project_id
)

select source_relation, urn, project_id, project_name
from assignments
where nth_newest = 1
