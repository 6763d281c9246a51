select
    {{ digitalocean_quolum.surrogate_key(['states.source_relation', 'states.urn']) }} as resource_key,
    states.source_relation,
    connections.team_urn,
    connections.team_name,
    states.urn,
    states.resource_type,
    states.feature,
    states.name,
    states.project_name,
    owners.owner,
    states.tags,
    states.region_slug,
    states.size,
    states.status,
    states.managed_by_urn,
    states.created_at,
    states.price_monthly,
    costs.monthly_cost,
    costs.cost_basis,
    states.is_listed,
    states.is_deleted,
    -- The first build may be later than the data it was made of.
    {{ digitalocean_quolum.smallest(['states.created_on', 'states.first_billed_on', 'states.first_measured_on', 'states.first_listed_on', 'connections.as_of_date']) }} as first_seen_on,
    case
        when states.is_listed then connections.as_of_date
        else {{ digitalocean_quolum.largest(['states.unlisted_on', 'states.last_billed_on', 'states.last_measured_on']) }}
    end as last_seen_on
from {{ ref('int_resource_states') }} as states
inner join {{ ref('int_connections') }} as connections on connections.source_relation = states.source_relation
left join {{ ref('int_resource_owners') }} as owners
    on owners.source_relation = states.source_relation and owners.urn = states.urn
left join {{ ref('int_resource_monthly_cost') }} as costs
    on costs.source_relation = states.source_relation and costs.urn = states.urn
