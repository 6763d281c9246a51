{{ config(materialized='table') }}

-- What a resource costs in a whole month at its present size. A month that was charged to its cap says it exactly; else
-- the list price does; else the hours that were billed are carried on to the cap, if they are at least a day.
{%- set cap = var('billing_cap_hours') %}

with lines as (
    select
        *,
        max(billing_month) over (partition by source_relation, urn) as last_month,
        max(ended_at) over (partition by source_relation, urn, billing_month) as last_end
    from {{ ref('int_billed_lines') }}
    where urn is not null and lower(duration_unit) = 'hours' and duration > 0
),

-- A resource that was resized has several lines; those that run to the end are what it is now.
present as (
    select source_relation, urn, billing_month, product, description, sum(amount) as amount, sum(duration) as hours
    from lines
    where billing_month = last_month and ended_at = last_end
    group by source_relation, urn, billing_month, product, description
),

whole_months as (
    select
        source_relation, urn, product, description, billing_month, amount,
        row_number() over (
            partition by source_relation, urn, product, description order by billing_month desc, amount desc
        ) as nth_newest
    from lines
    where duration >= {{ cap }}
),

billed as (
    select
        present.source_relation,
        present.urn,
        max(present.billing_month) as last_month,
        min(coalesce(whole_months.billing_month, present.billing_month)) as whole_month,
        count(*) = count(whole_months.amount) as is_whole,
        sum(whole_months.amount) as whole_cost,
        min(present.hours) as hours,
        sum(
            present.amount * {{ digitalocean_quolum.divided(cap, 'least(present.hours, ' ~ cap ~ ')') }}
        ) as carried_on_cost
    from present
    left join whole_months
        on whole_months.source_relation = present.source_relation
        and whole_months.urn = present.urn
        and whole_months.product = present.product
        and whole_months.description = present.description
        and whole_months.nth_newest = 1
    group by present.source_relation, present.urn
),

reckoned as (
    select
        states.source_relation,
        states.urn,
        case
            when billed.is_whole then billed.whole_cost
            when states.price_monthly is not null then states.price_monthly
            when billed.hours >= 24 then billed.carried_on_cost
        end as monthly_cost,
        case
            when billed.is_whole then 'as billed for ' || substr(cast(billed.whole_month as {{ digitalocean_quolum.type_of('text') }}), 1, 7)
            when states.price_monthly is not null then 'by its list price'
            when billed.hours >= 24 then
                'carried on from what was billed in ' || substr(cast(billed.last_month as {{ digitalocean_quolum.type_of('text') }}), 1, 7)
        end as cost_basis
    from {{ ref('int_resource_states') }} as states
    left join billed on billed.source_relation = states.source_relation and billed.urn = states.urn
)

select
    source_relation,
    urn,
    cast(round(cast(monthly_cost as {{ digitalocean_quolum.type_of('decimal') }}), 2) as {{ digitalocean_quolum.type_of('money') }}) as monthly_cost,
    cost_basis
from reckoned
where monthly_cost is not null
