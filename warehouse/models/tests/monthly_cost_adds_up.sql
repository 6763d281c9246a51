-- No mart of monthly cost loses or doubles a cent of the billed lines.
{%- set marts = {
    'feature_cost_monthly': 'amount',
    'cost_by_project': 'amount',
    'cost_by_owner': 'amount',
    'cost_by_tag': 'allocated_amount',
} %}

with billed as (
    select source_relation, billing_month, sum(amount) as amount
    from {{ ref('int_billed_lines') }}
    group by source_relation, billing_month
),

sums as (
    {%- for mart, column in marts.items() %}
    select '{{ mart }}' as mart, source_relation, billing_month, sum({{ column }}) as amount
    from {{ ref(mart) }}
    group by source_relation, billing_month
    union all
    {%- endfor %}
    select 'use_and_pay' as mart, source_relation, billing_month, sum(amount) as amount
    from {{ ref('use_and_pay') }}
    where level = 'feature'
    group by source_relation, billing_month
    union all
    select 'focus_cost' as mart, {{ digitalocean_quolum.quoted('x_SourceRelation') }}, {{ digitalocean_quolum.utc_date(digitalocean_quolum.quoted('BillingPeriodStart')) }}, sum({{ digitalocean_quolum.quoted('BilledCost') }})
    from {{ ref('focus_cost') }}
    where {{ digitalocean_quolum.quoted('x_LineSource') }} <> 'invoice_summaries'
    group by 1, 2, 3
),

marts as (
    {%- for mart in marts.keys() | list + ['use_and_pay', 'focus_cost'] %}
    select '{{ mart }}' as mart {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select marts.mart, billed.source_relation, billed.billing_month, billed.amount as billed, sums.amount as found
from billed
cross join marts
left join sums
    on sums.mart = marts.mart
    and sums.source_relation = billed.source_relation
    and sums.billing_month = billed.billing_month
where sums.amount is null or sums.amount <> billed.amount
