-- A day is held against the median of the days before it. Days 29 to 31 are neither judged nor part of a median: by then
-- DigitalOcean's cap of 672 hours has ended the charges of everything that ran since the first.
{%- set cap_days = var('billing_cap_hours') // 24 %}

with daily as (
    select source_relation, max(team_urn) as team_urn, usage_date, feature, sum(amount) as amount
    from {{ ref('feature_cost_daily') }}
    group by source_relation, usage_date, feature
),

-- A feature without a line on a day cost nothing on it.
days as (
    select dates.source_relation, dates.usage_date, features.feature, features.first_day
    from (select distinct source_relation, usage_date from daily) as dates
    inner join (
        select source_relation, feature, min(usage_date) as first_day from daily group by source_relation, feature
    ) as features
        on features.source_relation = dates.source_relation and features.first_day <= dates.usage_date
    where extract(day from dates.usage_date) <= {{ cap_days }}
),

amounts as (
    select days.source_relation, days.usage_date, days.feature, coalesce(daily.amount, 0) as amount
    from days
    left join daily
        on daily.source_relation = days.source_relation
        and daily.usage_date = days.usage_date
        and daily.feature = days.feature
),

medians as (
    select
        amounts.source_relation, amounts.usage_date, amounts.feature, amounts.amount, count(*) as days_compared,
        {{ digitalocean_quolum.percentile('cast(earlier.amount as ' ~ digitalocean_quolum.type_of('double') ~ ')', 0.5) }} as expected
    from amounts
    inner join amounts as earlier
        on earlier.source_relation = amounts.source_relation
        and earlier.feature = amounts.feature
        and earlier.usage_date < amounts.usage_date
        and earlier.usage_date >= {{ digitalocean_quolum.add_days('amounts.usage_date', -1 * var('anomaly_days')) }}
    group by amounts.source_relation, amounts.usage_date, amounts.feature, amounts.amount
),

deviations as (
    select
        medians.source_relation, medians.usage_date, medians.feature, medians.amount, medians.days_compared,
        medians.expected,
        {{ digitalocean_quolum.percentile('abs(cast(earlier.amount as ' ~ digitalocean_quolum.type_of('double') ~ ') - medians.expected)', 0.5) }} as usual_deviation
    from medians
    inner join amounts as earlier
        on earlier.source_relation = medians.source_relation
        and earlier.feature = medians.feature
        and earlier.usage_date < medians.usage_date
        and earlier.usage_date >= {{ digitalocean_quolum.add_days('medians.usage_date', -1 * var('anomaly_days')) }}
    where medians.days_compared >= {{ var('anomaly_minimum_days') }}
    group by
        medians.source_relation, medians.usage_date, medians.feature, medians.amount, medians.days_compared,
        medians.expected
),

judged as (
    select
        *,
        amount - expected as deviation,
        greatest(
            {{ var('anomaly_deviations') }} * usual_deviation,
            expected * {{ var('anomaly_minimum_percent') }} / 100.0,
            {{ var('anomaly_minimum_usd') }}
        ) as threshold,
        amount - lag(amount) over (partition by source_relation, feature order by usage_date) as change
    from deviations
),

-- A new level is told on its first day and not on each that follows: the day before must be as far away as the median.
flagged as (
    select *, abs(deviation) > threshold and abs(coalesce(change, deviation)) > threshold as is_anomaly
    from judged
)

select
    {{ digitalocean_quolum.surrogate_key(['flagged.source_relation', 'flagged.usage_date', 'flagged.feature']) }} as anomaly_key,
    flagged.source_relation,
    connections.team_urn,
    flagged.usage_date,
    flagged.feature,
    flagged.amount,
    {{ digitalocean_quolum.rounded('flagged.expected', 2) }} as expected_amount,
    {{ digitalocean_quolum.rounded('flagged.deviation', 2) }} as deviation_amount,
    {{ digitalocean_quolum.rounded('flagged.usual_deviation', 2) }} as usual_deviation_amount,
    flagged.days_compared,
    flagged.is_anomaly,
    {{ digitalocean_quolum.rounded(
        '100.0 * avg(case when flagged.is_anomaly then 1.0 else 0.0 end) over (partition by flagged.source_relation, flagged.feature)', 2
    ) }} as anomalous_days_percent,
    {{ digitalocean_quolum.rounded(
        'avg(abs(flagged.deviation)) over (partition by flagged.source_relation, flagged.feature)', 2
    ) }} as mean_error_amount
from flagged
left join {{ ref('int_connections') }} as connections on connections.source_relation = flagged.source_relation
