{{ config(materialized='table') }}

-- What a resource costs in a whole month at its present size: as it was billed last, else its list price. A line of less
-- than a day is too short to be multiplied.
with lines as (
    select
        *,
        max(billing_month) over (partition by source_relation, urn) as last_month,
        max(ended_at) over (partition by source_relation, urn, billing_month) as last_end
    from {{ ref('int_billed_lines') }}
    where urn is not null
),

billed as (
    select
        source_relation,
        urn,
        billing_month,
        sum(
            amount * {{ digitalocean_quolum.divided(
                var('billing_cap_hours'), 'least(duration, ' ~ var('billing_cap_hours') ~ ')'
            ) }}
        ) as monthly_cost
    from lines
    where billing_month = last_month
        and ended_at = last_end
        and lower(duration_unit) = 'hours'
        and duration >= 24
    group by source_relation, urn, billing_month
)

select
    states.source_relation,
    states.urn,
    cast(round(cast(coalesce(billed.monthly_cost, states.price_monthly) as decimal(38, 9)), 2) as decimal(38, 2)) as monthly_cost,
    case
        when billed.monthly_cost is not null then 'as billed in ' || substr(cast(billed.billing_month as {{ digitalocean_quolum.type_of('text') }}), 1, 7) || ', for a whole month'
        when states.price_monthly is not null then 'by its list price'
    end as cost_basis
from {{ ref('int_resource_states') }} as states
left join billed on billed.source_relation = states.source_relation and billed.urn = states.urn
where billed.monthly_cost is not null or states.price_monthly is not null
