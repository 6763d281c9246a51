-- One owner a resource: by a tag before the project, and by the first tag in alphabetical order where several name one.
with matches as (
    select tags.source_relation, tags.urn, owners.owner, 'tag' as owner_source, tags.tag as matched
    from {{ ref('int_resource_tags') }} as tags
    inner join {{ ref(var('owners_model')) }} as owners on owners.dimension = 'tag' and owners.name = tags.tag

    union all

    select states.source_relation, states.urn, owners.owner, 'project' as owner_source, states.project_name as matched
    from {{ ref('int_resource_states') }} as states
    inner join {{ ref(var('owners_model')) }} as owners
        on owners.dimension = 'project' and owners.name = states.project_name
),

ranked as (
    select
        *,
        row_number() over (
            partition by source_relation, urn
            order by case owner_source when 'tag' then 0 else 1 end, matched, owner
        ) as nth_best
    from matches
)

select source_relation, urn, owner, owner_source
from ranked
where nth_best = 1
