{{ config(materialized='table') }}

-- Every line of every invoice, and of the open month where no invoice has been issued for it yet.
with issued as (
    select *, max(synced_at) over (partition by source_relation, invoice_uuid) as newest
    from {{ ref('stg_digitalocean__invoice_items') }}
),

preview as (
    select *, max(billing_month) over (partition by source_relation) as open_month
    from {{ ref('stg_digitalocean__invoice_preview_items') }}
),

lines as (
    -- A line that a correction took away stays in the raw table with an earlier synced_at.
    select
        source_relation, invoice_uuid, row_hash, billing_month, true as is_issued, landed_feature, urn, resource_uuid, product,
        group_description, description, amount, duration, duration_unit, started_at, ended_at, project_name, category
    from issued
    where newest is null or synced_at = newest

    union all

    select
        source_relation, invoice_uuid, row_hash, billing_month, false as is_issued, landed_feature, urn, resource_uuid, product,
        group_description, description, amount, duration, duration_unit, started_at, ended_at, project_name, category
    from preview
    where billing_month = open_month
        and not exists (
            select 1
            from {{ ref('stg_digitalocean__invoices') }} as invoices
            where invoices.source_relation = preview.source_relation
                and invoices.billing_month = preview.billing_month
                and invoices.invoice_uuid <> preview.invoice_uuid
        )
),

-- Some products have no URN on their lines: there the id of what is, or was, on a list tells it. One id has one URN.
listed as (
    select source_relation, {{ digitalocean_quolum.part('urn', ':', 3) }} as resource_uuid, min(urn) as urn
    from {{ ref('resource_inventory_snapshot') }}
    group by source_relation, {{ digitalocean_quolum.part('urn', ':', 3) }}
    having count(distinct urn) = 1
),

named as (
    select lines.*, coalesce(names.feature, lines.landed_feature) as feature
    from lines
    left join {{ ref('int_feature_names') }} as names
        on names.landed_feature = lines.landed_feature
        and names.word = lower(coalesce(lines.product, ''))
)

select
    {{ digitalocean_quolum.surrogate_key(['named.source_relation', 'named.invoice_uuid', 'named.row_hash', 'named.is_issued']) }} as billed_line_key,
    named.source_relation,
    named.invoice_uuid,
    named.row_hash,
    named.billing_month,
    named.is_issued,
    named.landed_feature,
    named.feature,
    -- The lines of reserved IPs carry no id; their description is the address, which is unique.
    coalesce(named.urn, listed.urn, reserved_ips.urn) as urn,
    named.product,
    named.group_description,
    named.description,
    coalesce(named.amount, 0) as amount,
    named.duration,
    named.duration_unit,
    named.started_at,
    named.ended_at,
    named.project_name,
    named.category
from named
left join listed
    on listed.source_relation = named.source_relation
    and listed.resource_uuid = named.resource_uuid
left join {{ ref('stg_digitalocean__reserved_ips') }} as reserved_ips
    on reserved_ips.source_relation = named.source_relation
    and reserved_ips.ip = named.description
    and named.feature = 'reserved_ips'
