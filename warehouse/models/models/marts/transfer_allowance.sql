-- Each Droplet earns the transfer of its size hour by hour, up to a whole month after 672 hours, and a team uses what all
-- its Droplets have earned together. DigitalOcean's API tells neither the pool nor what was used of it: the hours are
-- those that were billed, and the outbound traffic is what was measured.
with billed as (
    select source_relation, billing_month, is_issued, urn, sum(duration) as hours
    from {{ ref('int_billed_resources') }}
    where urn like 'do:droplet:%' and lower(duration_unit) = 'hours' and lower(product) not like '%backup%'
    group by source_relation, billing_month, is_issued, urn
),

sizes as (
    select source_relation, size_slug, max(transfer_tb) as transfer_tb
    from {{ ref('stg_digitalocean__sizes') }}
    group by source_relation, size_slug
),

allowances as (
    select
        billed.source_relation,
        billed.billing_month,
        min(case when billed.is_issued then 1 else 0 end) = 1 as is_issued,
        count(*) as droplets,
        sum(case when coalesce(sizes.transfer_tb, droplets.transfer_tb) is null then 1 else 0 end) as droplets_of_unknown_size,
        sum(
            coalesce(sizes.transfer_tb, droplets.transfer_tb) * 1000
            * {{ digitalocean_quolum.divided('least(billed.hours, ' ~ var('billing_cap_hours') ~ ')', var('billing_cap_hours')) }}
        ) as allowance_gib
    from billed
    left join {{ ref('int_resource_states') }} as states
        on states.source_relation = billed.source_relation and states.urn = billed.urn
    left join sizes on sizes.source_relation = billed.source_relation and sizes.size_slug = states.size
    left join {{ ref('stg_digitalocean__droplets') }} as droplets
        on droplets.source_relation = billed.source_relation and droplets.urn = billed.urn
    group by billed.source_relation, billed.billing_month
),

measured as (
    select
        source_relation,
        billing_month,
        count(distinct urn) as droplets_measured,
        sum(seconds) / 3600 as hours_measured,
        -- Megabits a second, times seconds.
        sum(quantity) * 125000 / 1073741824 as outbound_gib
    from {{ ref('int_utilization_daily') }}
    where metric = 'public_bandwidth_outbound' and urn like 'do:droplet:%'
    group by source_relation, billing_month
)

select
    {{ digitalocean_quolum.surrogate_key(['allowances.source_relation', 'allowances.billing_month']) }} as transfer_key,
    allowances.source_relation,
    connections.team_urn,
    allowances.billing_month,
    allowances.is_issued,
    allowances.droplets,
    allowances.droplets_of_unknown_size,
    {{ digitalocean_quolum.rounded('allowances.allowance_gib', 2) }} as allowance_gib,
    coalesce(measured.droplets_measured, 0) as droplets_measured,
    {{ digitalocean_quolum.rounded('measured.hours_measured', 1) }} as hours_measured,
    {{ digitalocean_quolum.rounded('measured.outbound_gib', 2) }} as outbound_gib,
    {{ digitalocean_quolum.rounded('100 * ' ~ digitalocean_quolum.divided('measured.outbound_gib', 'allowances.allowance_gib'), 2) }} as used_percent
from allowances
left join measured
    on measured.source_relation = allowances.source_relation and measured.billing_month = allowances.billing_month
left join {{ ref('int_connections') }} as connections on connections.source_relation = allowances.source_relation
