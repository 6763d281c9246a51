-- No mart of daily cost loses or doubles a cent of what landed.
with landed as (
    select source_relation, usage_date, sum(amount) as amount
    from {{ ref('int_daily_lines') }}
    group by source_relation, usage_date
),

sums as (
    select 'resource_cost_daily' as mart, source_relation, usage_date, sum(amount) as amount
    from {{ ref('resource_cost_daily') }}
    group by source_relation, usage_date
    union all
    select 'feature_cost_daily' as mart, source_relation, usage_date, sum(amount) as amount
    from {{ ref('feature_cost_daily') }}
    group by source_relation, usage_date
)

select marts.mart, landed.source_relation, landed.usage_date, landed.amount as landed, sums.amount as found
from landed
cross join (select 'resource_cost_daily' as mart union all select 'feature_cost_daily') as marts
left join sums
    on sums.mart = marts.mart
    and sums.source_relation = landed.source_relation
    and sums.usage_date = landed.usage_date
where sums.amount is null or sums.amount <> landed.amount
