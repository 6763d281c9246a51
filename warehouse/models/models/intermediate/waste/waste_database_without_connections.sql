-- AWS Trusted Advisor: no connection for seven days. Only engines that tell their connections can be judged.
with connections_measured as (
    select source_relation, urn, max(peak) as connections_peak, max(days) as days
    from {{ ref('resource_utilization_30d') }}
    where urn like 'do:dbaas:%' and metric in ('pg_connections', 'mysql_threads_connected', 'opensearch_http_connections')
    group by source_relation, urn
)

select
    inventory.source_relation,
    inventory.urn,
    'No client was connected on any of ' || cast(measured.days as {{ digitalocean_quolum.type_of('text') }}) || ' days.'
    || {{ digitalocean_quolum.cost_sentence() }} as evidence,
    inventory.monthly_cost as saving_monthly,
    'medium' as confidence
from {{ ref('resource_inventory') }} as inventory
inner join connections_measured as measured
    on measured.source_relation = inventory.source_relation and measured.urn = inventory.urn
where inventory.is_listed
    and measured.days >= {{ var('waste_minimum_days') }}
    and measured.connections_peak = 0
