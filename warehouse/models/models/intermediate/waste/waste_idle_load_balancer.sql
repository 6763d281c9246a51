-- AWS Trusted Advisor: fewer than 100 requests a day. Insights counts answers, Monitoring requests: either will do, and
-- both are summed over their labels.
with requests as (
    select
        source_relation, urn,
        86400 * sum(case when metric = 'http_requests' then average end) as requests_a_day,
        86400 * sum(case when metric = 'http_responses' then average end) as answers_a_day,
        max(case when metric in ('http_requests', 'http_responses') then days end) as days,
        max(case when metric = 'connections' then peak end) as connections_peak
    from {{ ref('resource_utilization_30d') }}
    where urn like 'do:loadbalancer:%'
    group by source_relation, urn
)

select
    inventory.source_relation,
    inventory.urn,
    {{ digitalocean_quolum.figure('coalesce(requests.requests_a_day, requests.answers_a_day)') }}
    || ' requests a day on average over ' || cast(requests.days as {{ digitalocean_quolum.type_of('text') }}) || ' days.'
    || case when requests.connections_peak is null then ' Its connections were not measured.' else '' end
    || {{ digitalocean_quolum.cost_sentence() }} as evidence,
    inventory.monthly_cost as saving_monthly,
    case when requests.connections_peak is null then 'low' else 'medium' end as confidence
from {{ ref('resource_inventory') }} as inventory
inner join requests on requests.source_relation = inventory.source_relation and requests.urn = inventory.urn
left join {{ ref('waste_load_balancer_without_backends') }} as without_backends
    on without_backends.source_relation = inventory.source_relation and without_backends.urn = inventory.urn
where inventory.is_listed
    and requests.days >= {{ var('waste_minimum_days') }}
    and coalesce(requests.requests_a_day, requests.answers_a_day) < {{ var('idle_load_balancer_requests_per_day') }}
    -- One that passes on TCP or UDP has connections and no requests.
    and coalesce(requests.connections_peak, 0) < 1
    and without_backends.urn is null
