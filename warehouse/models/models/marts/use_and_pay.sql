-- Cost beside use, by month: once for each feature, once for each resource that has a URN on its billed lines.
with costs as (
    select source_relation, billing_month, is_issued, feature, urn, resource_name, amount
    from {{ ref('int_billed_resources') }}
),

by_resource as (
    select
        'resource' as level, source_relation, billing_month, min(feature) as feature, urn, max(resource_name) as resource_name,
        min(case when is_issued then 1 else 0 end) = 1 as is_issued,
        sum(amount) as amount
    from costs
    where urn is not null
    group by source_relation, billing_month, urn
),

-- One metric stands for the use of a feature (seeds/usage_metrics.csv). What a resource did counts for the feature that it
-- is paid under: a node of a Kubernetes cluster is measured as the Droplet it is. Of features that are billed for each
-- resource only the use of what is on the bill counts, so that cost and use are of the same things.
used as (
    select
        daily.source_relation, daily.billing_month, coalesce(by_resource.feature, daily.feature) as feature, daily.urn,
        metrics.metric, metrics.measure, metrics.unit, metrics.billed_for,
        sum(daily.quantity) as quantity,
        sum(daily.percent_seconds) as percent_seconds,
        sum(case when daily.utilization_percent is not null then daily.seconds end) as percent_of_seconds
    from {{ ref('int_utilization_daily') }} as daily
    inner join {{ ref('usage_metrics') }} as metrics
        on metrics.feature = daily.feature and metrics.metric = daily.metric
    left join by_resource
        on by_resource.source_relation = daily.source_relation
        and by_resource.billing_month = daily.billing_month
        and by_resource.urn = daily.urn
    where metrics.billed_for = 'team' or by_resource.urn is not null
    group by
        daily.source_relation, daily.billing_month, coalesce(by_resource.feature, daily.feature), daily.urn, metrics.metric,
        metrics.measure, metrics.unit, metrics.billed_for
),

-- Should a bill put things of two kinds under one feature, the metric that most of them have stands for it.
used_by_feature as (
    select
        *,
        row_number() over (
            partition by source_relation, billing_month, feature order by resources_measured desc, metric
        ) as nth_metric
    from (
        select
            source_relation, billing_month, feature, metric, measure, unit, billed_for, sum(quantity) as quantity,
            sum(percent_seconds) as percent_seconds, sum(percent_of_seconds) as percent_of_seconds,
            count(distinct urn) as resources_measured
        from used
        group by source_relation, billing_month, feature, metric, measure, unit, billed_for
    ) as sums
),

by_feature as (
    select
        'feature' as level, costs.source_relation, costs.billing_month, costs.feature,
        cast(null as {{ digitalocean_quolum.type_of('text') }}) as urn,
        cast(null as {{ digitalocean_quolum.type_of('text') }}) as resource_name,
        min(case when costs.is_issued then 1 else 0 end) = 1 as is_issued,
        sum(costs.amount) as amount,
        count(distinct costs.urn) as resources_billed,
        sum(case when used_by_feature.metric is not null then costs.amount else 0 end) as amount_of_measured
    from costs
    left join used
        on used.source_relation = costs.source_relation
        and used.billing_month = costs.billing_month
        and used.urn = costs.urn
    left join used_by_feature
        on used_by_feature.source_relation = used.source_relation
        and used_by_feature.billing_month = used.billing_month
        and used_by_feature.feature = used.feature
        and used_by_feature.metric = used.metric
        and used_by_feature.nth_metric = 1
    group by costs.source_relation, costs.billing_month, costs.feature
),

joined as (
    select
        by_feature.level, by_feature.source_relation, by_feature.billing_month, by_feature.feature, by_feature.urn,
        by_feature.resource_name, by_feature.is_issued, by_feature.amount, by_feature.resources_billed,
        coalesce(use.resources_measured, 0) as resources_measured,
        -- A subscription of the team pays for everything that the team used of the feature.
        case when use.billed_for = 'team' then by_feature.amount else by_feature.amount_of_measured end as measured_amount,
        use.metric, use.measure, use.unit, use.quantity, use.percent_seconds, use.percent_of_seconds
    from by_feature
    left join used_by_feature as use
        on use.source_relation = by_feature.source_relation
        and use.billing_month = by_feature.billing_month
        and use.feature = by_feature.feature
        and use.nth_metric = 1

    union all

    select
        by_resource.level, by_resource.source_relation, by_resource.billing_month, by_resource.feature, by_resource.urn,
        by_resource.resource_name, by_resource.is_issued, by_resource.amount, 1,
        case when use.urn is null then 0 else 1 end,
        case when use.urn is null then 0 else by_resource.amount end,
        use.metric, use.measure, use.unit, use.quantity, use.percent_seconds, use.percent_of_seconds
    from by_resource
    left join used as use
        on use.source_relation = by_resource.source_relation
        and use.billing_month = by_resource.billing_month
        and use.urn = by_resource.urn
),

reckoned as (
    select
        *,
        {{ digitalocean_quolum.divided('percent_seconds', 'percent_of_seconds') }} as used_percent,
        case measure
            when 'percent' then percent_seconds / 100 / 3600
            when 'per_second' then quantity / 1000000
            when 'level' then {{ digitalocean_quolum.divided('quantity', '1073741824.0 * 86400 * ' ~ digitalocean_quolum.days_in_month('billing_month')) }}
        end as used_quantity
    from joined
),

-- Resource by resource, so that a dear one counts for more than a cheap one.
unused as (
    select source_relation, billing_month, feature, sum(amount * greatest(0, 1 - used_percent / 100)) as amount
    from reckoned
    where level = 'resource' and used_percent is not null
    group by source_relation, billing_month, feature
)

select
    {{ digitalocean_quolum.surrogate_key(['reckoned.level', 'reckoned.source_relation', 'reckoned.billing_month', 'reckoned.feature', 'reckoned.urn']) }} as use_and_pay_key,
    reckoned.level,
    reckoned.source_relation,
    connections.team_urn,
    reckoned.billing_month,
    reckoned.feature,
    reckoned.urn,
    reckoned.resource_name,
    reckoned.is_issued,
    reckoned.amount,
    reckoned.resources_billed,
    reckoned.resources_measured,
    cast(reckoned.measured_amount as {{ digitalocean_quolum.type_of('decimal') }}) as measured_amount,
    {{ digitalocean_quolum.rounded('100 * ' ~ digitalocean_quolum.divided('reckoned.measured_amount', 'reckoned.amount'), 2) }} as measured_percent,
    reckoned.metric,
    {{ digitalocean_quolum.rounded('reckoned.used_percent', 2) }} as used_percent,
    {{ digitalocean_quolum.rounded('reckoned.used_quantity', 2) }} as used_quantity,
    reckoned.unit as used_unit,
    -- Above 100 % nothing is unused.
    case
        when reckoned.level = 'feature' then {{ digitalocean_quolum.rounded('unused.amount', 2) }}
        when reckoned.used_percent is not null then
            {{ digitalocean_quolum.rounded('reckoned.amount * greatest(0, 1 - reckoned.used_percent / 100)', 2) }}
    end as unused_amount,
    -- Of a use that rounds to nothing one unit would cost millions.
    case when reckoned.used_quantity >= 0.01 then
        {{ digitalocean_quolum.rounded(digitalocean_quolum.divided('reckoned.measured_amount', 'reckoned.used_quantity'), 4) }}
    end as cost_per_used_unit
from reckoned
left join unused
    on unused.source_relation = reckoned.source_relation
    and unused.billing_month = reckoned.billing_month
    and unused.feature = reckoned.feature
left join {{ ref('int_connections') }} as connections on connections.source_relation = reckoned.source_relation
