-- Memory is measured by the agent only. It counts as missing where other Droplets of the team have figures, so that a
-- stream that is not selected does not make every Droplet a finding.
with measured_teams as (
    select source_relation, max(memory_last_day) as last_day
    from {{ ref('int_droplet_load') }}
    group by source_relation
)

select
    inventory.source_relation,
    inventory.urn,
    'Memory was not measured since '
    || coalesce(cast(load.memory_last_day as {{ digitalocean_quolum.type_of('text') }}), 'it was first seen')
    || ': most likely the metrics agent is missing.' || {{ digitalocean_quolum.cost_sentence() }}
    || ' What could be saved is not known.' as evidence,
    cast(null as {{ digitalocean_quolum.type_of('money') }}) as saving_monthly,
    'high' as confidence
from {{ ref('resource_inventory') }} as inventory
inner join measured_teams on measured_teams.source_relation = inventory.source_relation
left join {{ ref('int_droplet_load') }} as load
    on load.source_relation = inventory.source_relation and load.urn = inventory.urn
where inventory.is_listed
    and inventory.resource_type = 'droplet'
    and inventory.status = 'active'
    and measured_teams.last_day is not null
    and {{ digitalocean_quolum.days_between(digitalocean_quolum.utc_date('inventory.created_at'), 'measured_teams.last_day') }} >= {{ var('unmeasured_days') }}
    and (
        load.memory_last_day is null
        or {{ digitalocean_quolum.days_between('load.memory_last_day', 'measured_teams.last_day') }} > {{ var('unmeasured_days') }}
    )
