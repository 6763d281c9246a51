{{ config(materialized='table') }}

-- Billed lines with what else is known of them: region and SKU from daily cost, the resource from the inventory.
select
    lines.billed_line_key,
    lines.source_relation,
    connections.team_urn,
    connections.team_name,
    lines.invoice_uuid,
    lines.row_hash,
    lines.billing_month,
    lines.is_issued,
    lines.feature,
    lines.urn,
    states.resource_type,
    coalesce(states.name, {{ digitalocean_quolum.part('lines.description', ' (', 1) }}) as resource_name,
    coalesce(skus.region_slug, states.region_slug) as region_slug,
    skus.sku,
    lines.product,
    lines.group_description,
    lines.description,
    lines.amount,
    lines.duration,
    lines.duration_unit,
    lines.started_at,
    lines.ended_at,
    lines.project_name,
    states.tags,
    owners.owner as resource_owner,
    owners.owner_source
from {{ ref('int_billed_lines') }} as lines
left join {{ ref('int_connections') }} as connections on connections.source_relation = lines.source_relation
left join {{ ref('int_sku_names') }} as skus
    on skus.source_relation = lines.source_relation
    and skus.billing_month = lines.billing_month
    and skus.landed_feature = lines.landed_feature
    and skus.description = coalesce(lines.description, '')
    and skus.group_description = coalesce(lines.group_description, '')
left join {{ ref('int_resource_states') }} as states
    on states.source_relation = lines.source_relation and states.urn = lines.urn
left join {{ ref('int_resource_owners') }} as owners
    on owners.source_relation = lines.source_relation and owners.urn = lines.urn
