with items as (
    select source_relation, invoice_uuid, sum(amount) as amount, count(*) as lines
    from {{ ref('int_billed_lines') }}
    where is_issued
    group by source_relation, invoice_uuid
),

daily as (
    select
        source_relation, billing_month, sum(amount) as amount, count(distinct usage_date) as days,
        min(usage_date) as first_day,
        max(max(usage_date)) over (partition by source_relation) as newest_day
    from {{ ref('int_daily_lines') }}
    group by source_relation, billing_month
),

parts as (
    select
        invoices.source_relation, invoices.invoice_uuid, invoices.invoice_id, invoices.billing_month, invoices.amount,
        items.amount as items_amount, items.lines, summaries.overages, summaries.taxes, summaries.credits,
        -- Both parts must have been read: an invoice without them is not one that differs.
        items.invoice_uuid is not null and summaries.invoice_uuid is not null as is_complete,
        daily.amount as daily_amount, daily.days,
        -- The last days of a month may rightly be without a line: by then the cap of 672 hours has ended the charges.
        coalesce(
            daily.first_day = daily.billing_month
            and daily.newest_day >= {{ digitalocean_quolum.add_days('daily.billing_month', digitalocean_quolum.days_in_month('daily.billing_month') ~ ' - 1') }},
            false
        ) as is_daily_complete
    from {{ ref('stg_digitalocean__invoices') }} as invoices
    left join items
        on items.source_relation = invoices.source_relation and items.invoice_uuid = invoices.invoice_uuid
    left join {{ ref('stg_digitalocean__invoice_summaries') }} as summaries
        on summaries.source_relation = invoices.source_relation and summaries.invoice_uuid = invoices.invoice_uuid
    left join daily
        on daily.source_relation = invoices.source_relation and daily.billing_month = invoices.billing_month
    -- The open month stands in the list of invoices, too, with an update time that issued invoices do not have.
    where invoices.updated_at is null or items.invoice_uuid is not null or summaries.invoice_uuid is not null
)

select
    {{ digitalocean_quolum.surrogate_key(['parts.source_relation', 'parts.invoice_uuid']) }} as invoice_key,
    parts.source_relation,
    connections.team_urn,
    parts.invoice_uuid,
    parts.invoice_id,
    parts.billing_month,
    parts.amount as invoice_amount,
    parts.items_amount,
    parts.lines,
    parts.overages,
    parts.taxes,
    parts.credits,
    parts.is_complete,
    case when parts.is_complete then
        parts.amount - parts.items_amount - coalesce(parts.overages, 0) - coalesce(parts.taxes, 0) - coalesce(parts.credits, 0)
    end as difference,
    parts.daily_amount,
    parts.days as daily_days,
    parts.is_daily_complete,
    parts.items_amount - parts.daily_amount as daily_difference
from parts
left join {{ ref('int_connections') }} as connections on connections.source_relation = parts.source_relation
