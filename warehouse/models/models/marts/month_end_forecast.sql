-- Usage of the open month, by what each line cost on the last whole day. DigitalOcean charges a resource for at most 672
-- hours a month, 28 days: a line that was billed since the first costs nothing more from the 29th on. The same method,
-- applied to past months as if they had been seen on the same day, tells how far it is off.
{%- set cap_days = var('billing_cap_hours') // 24 %}

with daily as (
    select
        source_relation, billing_month, usage_date, sku, region_slug, description, group_description, sum(amount) as amount
    from {{ ref('int_daily_lines') }}
    group by source_relation, billing_month, usage_date, sku, region_slug, description, group_description
),

newest as (
    select source_relation, max(usage_date) as last_day
    from daily
    group by source_relation
),

months as (
    select
        daily.source_relation,
        daily.billing_month,
        newest.last_day,
        {{ digitalocean_quolum.days_in_month('daily.billing_month') }} as days_in_month,
        least(
            cast(extract(day from newest.last_day) as integer), {{ digitalocean_quolum.days_in_month('daily.billing_month') }}
        ) as day_of_month,
        daily.billing_month = {{ digitalocean_quolum.month_of('newest.last_day') }} as is_open,
        min(daily.usage_date) as first_day,
        sum(daily.amount) as total
    from daily
    inner join newest on newest.source_relation = daily.source_relation
    group by daily.source_relation, daily.billing_month, newest.last_day
),

as_of as (
    select *, {{ digitalocean_quolum.add_days('billing_month', 'day_of_month - 1') }} as as_of_date
    from months
    -- A past month counts only whole. Its last days may rightly be without a line.
    where is_open or first_day = billing_month
),

lines as (
    select
        as_of.source_relation,
        as_of.billing_month,
        daily.sku,
        daily.region_slug,
        daily.description,
        daily.group_description,
        as_of.days_in_month,
        as_of.day_of_month,
        sum(daily.amount) as spent,
        count(distinct daily.usage_date) as days_billed,
        sum(case when daily.usage_date = as_of.as_of_date then daily.amount else 0 end) as last_day_amount
    from as_of
    inner join daily
        on daily.source_relation = as_of.source_relation
        and daily.billing_month = as_of.billing_month
        and daily.usage_date <= as_of.as_of_date
    group by
        as_of.source_relation, as_of.billing_month, daily.sku, daily.region_slug, daily.description,
        daily.group_description, as_of.days_in_month, as_of.day_of_month
),

forecasts as (
    select
        source_relation,
        billing_month,
        sum(spent) as spent,
        sum(
            spent + last_day_amount * greatest(0, least(days_in_month - day_of_month, {{ cap_days }} - days_billed))
        ) as forecast
    from lines
    group by source_relation, billing_month
),

results as (
    select
        as_of.source_relation, as_of.billing_month, as_of.as_of_date, as_of.is_open, forecasts.spent, forecasts.forecast,
        case when not as_of.is_open then as_of.total end as actual,
        case when not as_of.is_open then
            100 * {{ digitalocean_quolum.divided('forecasts.forecast - as_of.total', 'as_of.total') }}
        end as error_percent
    from as_of
    inner join forecasts
        on forecasts.source_relation = as_of.source_relation and forecasts.billing_month = as_of.billing_month
)

select
    {{ digitalocean_quolum.surrogate_key(['results.source_relation', 'results.billing_month']) }} as forecast_key,
    results.source_relation,
    connections.team_urn,
    results.billing_month,
    results.as_of_date,
    results.is_open,
    results.spent,
    cast(results.forecast as {{ digitalocean_quolum.type_of('decimal') }}) as forecast,
    results.actual,
    {{ digitalocean_quolum.rounded('results.error_percent', 2) }} as error_percent,
    {{ digitalocean_quolum.rounded(
        'avg(case when not results.is_open then abs(results.error_percent) end) over (partition by results.source_relation)', 2
    ) }} as mean_error_percent
from results
left join {{ ref('int_connections') }} as connections on connections.source_relation = results.source_relation
