-- Daily cost without the lines that a correction took away.
with lines as (
    select *, max(synced_at) over (partition by source_relation, team_urn, usage_date) as newest
    from {{ ref('stg_digitalocean__billing_insights') }}
)

select
    {{ digitalocean_quolum.surrogate_key(['lines.source_relation', 'lines.team_urn', 'lines.usage_date', 'lines.row_hash']) }} as daily_line_key,
    lines.source_relation,
    lines.team_urn,
    lines.usage_date,
    {{ digitalocean_quolum.month_of('lines.usage_date') }} as billing_month,
    lines.row_hash,
    lines.landed_feature,
    coalesce(names.feature, lines.landed_feature) as feature,
    coalesce(lines.amount, 0) as amount,
    lines.region_slug,
    lines.sku,
    lines.description,
    lines.group_description
from lines
left join {{ ref('int_feature_names') }} as names
    on names.landed_feature = lines.landed_feature
    and names.word = lower(coalesce(lines.sku, ''))
where lines.newest is null or lines.synced_at = lines.newest
