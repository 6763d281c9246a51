-- FOCUS 1.2, with the provider columns of 1.3. docs/focus.md says what each column is made of and what is left out.
-- One row is a billed line, or what an invoice holds beside lines: overages, taxes, credits.
{%- set timestamp = digitalocean_quolum.type_of('timestamp') -%}
{%- set decimal = digitalocean_quolum.type_of('decimal') -%}
{%- set text = digitalocean_quolum.type_of('text') %}

with tags as (
    select source_relation, urn, {{ digitalocean_quolum.json_flags('tag') }} as tags
    from {{ ref('int_resource_tags') }}
    group by source_relation, urn
),

engines as (
    select clusters.source_relation, clusters.urn, engines.service_category, engines.service_subcategory, engines.service_name
    from {{ ref('stg_digitalocean__database_clusters') }} as clusters
    inner join {{ ref('database_engines') }} as engines on engines.engine = clusters.engine
),

regions as (
    select source_relation, region_slug, max(region_name) as region_name
    from {{ ref('stg_digitalocean__regions') }}
    group by source_relation, region_slug
),

usage_lines as (
    select
        billed.billed_line_key, billed.source_relation, billed.invoice_uuid, billed.billing_month, billed.is_issued,
        billed.amount, billed.description, billed.started_at, billed.ended_at, billed.feature, billed.product, billed.urn,
        billed.resource_name, billed.resource_type, billed.region_slug, billed.sku, billed.project_name, billed.row_hash,
        'Usage' as charge_category,
        case when billed.feature in ('support') or lower(billed.product) like '%subscription%' then 'Recurring' else 'Usage-Based' end as charge_frequency,
        case when lower(billed.duration_unit) = 'hours' and billed.feature in (
            'droplets', 'kubernetes', 'databases', 'vector_databases', 'load_balancers', 'apps', 'nat_gateways',
            'reserved_ips', 'dedicated_inference', 'microvms'
        ) then billed.duration end as hours,
        case when billed.is_issued then 'invoice_items' else 'invoice_preview_items' end as line_source
    from {{ ref('int_billed_resources') }} as billed
),

-- What only the summary of an invoice tells. Without its items an invoice is not in this table at all, so that the sum
-- of an invoice is either whole or missing.
invoices_read as (
    select distinct source_relation, invoice_uuid
    from usage_lines
    where is_issued
),

beside as (
    {%- for column, category, description in [
        ('overages', 'Usage', 'Overages'), ('taxes', 'Tax', 'Taxes'), ('credits', 'Credit', 'Credits and adjustments')
    ] %}
    select
        summaries.source_relation, summaries.invoice_uuid, summaries.billing_month, summaries.{{ column }} as amount,
        -- What an adjustment adds to an invoice is no credit.
        {% if column == 'credits' %}case when summaries.credits > 0 then 'Adjustment' else 'Credit' end{% else %}'{{ category }}'{% endif %} as charge_category,
        '{{ description }}' as description
    from {{ ref('stg_digitalocean__invoice_summaries') }} as summaries
    inner join invoices_read
        on invoices_read.source_relation = summaries.source_relation
        and invoices_read.invoice_uuid = summaries.invoice_uuid
    where summaries.{{ column }} <> 0
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

lines as (
    select * from usage_lines

    union all

    select
        {{ digitalocean_quolum.surrogate_key(['source_relation', 'invoice_uuid', 'description']) }},
        source_relation, invoice_uuid, billing_month, true, amount, description, cast(null as {{ timestamp }}),
        cast(null as {{ timestamp }}), 'other', description, null, null, null, null, null, null, null, charge_category,
        'One-Time', null, 'invoice_summaries'
    from beside
),

periods as (
    select
        lines.*,
        cast(cast(billing_month as {{ text }}) || ' 00:00:00+00' as {{ timestamp }}) as period_start,
        cast(cast({{ digitalocean_quolum.add_days('billing_month', digitalocean_quolum.days_in_month('billing_month')) }} as {{ text }}) || ' 00:00:00+00' as {{ timestamp }}) as period_end
    from lines
)

select
    cast(periods.amount as {{ decimal }}) as "BilledCost",
    coalesce(connections.team_urn, periods.source_relation) as "BillingAccountId",
    connections.team_name as "BillingAccountName",
    'USD' as "BillingCurrency",
    periods.period_end as "BillingPeriodEnd",
    periods.period_start as "BillingPeriodStart",
    periods.charge_category as "ChargeCategory",
    cast(null as {{ text }}) as "ChargeClass",
    coalesce(periods.description, periods.product) as "ChargeDescription",
    periods.charge_frequency as "ChargeFrequency",
    coalesce(periods.ended_at, periods.period_end) as "ChargePeriodEnd",
    coalesce(periods.started_at, periods.period_start) as "ChargePeriodStart",
    cast(periods.hours as {{ decimal }}) as "ConsumedQuantity",
    case when periods.hours is not null then 'Hours' end as "ConsumedUnit",
    cast(periods.amount as {{ decimal }}) as "ContractedCost",
    cast(periods.amount as {{ decimal }}) as "EffectiveCost",
    'DigitalOcean' as "HostProviderName",
    invoices.invoice_id as "InvoiceId",
    'DigitalOcean' as "InvoiceIssuerName",
    cast(periods.amount as {{ decimal }}) as "ListCost",
    case when periods.charge_category = 'Usage' and periods.line_source <> 'invoice_summaries' then 'Standard' end as "PricingCategory",
    'USD' as "PricingCurrency",
    cast(periods.hours as {{ decimal }}) as "PricingQuantity",
    case when periods.hours is not null then 'Hours' end as "PricingUnit",
    'DigitalOcean' as "ProviderName",
    'DigitalOcean' as "PublisherName",
    case when regions.region_name is not null then periods.region_slug end as "RegionId",
    regions.region_name as "RegionName",
    periods.urn as "ResourceId",
    case when periods.urn is not null then periods.resource_name end as "ResourceName",
    case when periods.urn is not null then periods.resource_type end as "ResourceType",
    coalesce(engines.service_category, categories.service_category, 'Other') as "ServiceCategory",
    coalesce(engines.service_name, categories.service_name, periods.product) as "ServiceName",
    'DigitalOcean' as "ServiceProviderName",
    coalesce(engines.service_subcategory, categories.service_subcategory, 'Other (Other)') as "ServiceSubcategory",
    periods.sku as "SkuId",
    tags.tags as "Tags",
    periods.billed_line_key as "x_BilledLineKey",
    periods.feature as "x_Feature",
    not periods.is_issued as "x_IsProvisional",
    periods.line_source as "x_LineSource",
    periods.product as "x_Product",
    periods.project_name as "x_ProjectName",
    periods.row_hash as "x_RowHash",
    periods.source_relation as "x_SourceRelation"
from periods
left join {{ ref('int_connections') }} as connections on connections.source_relation = periods.source_relation
left join {{ ref('stg_digitalocean__invoices') }} as invoices
    on invoices.source_relation = periods.source_relation
    and invoices.invoice_uuid = periods.invoice_uuid
    and periods.is_issued
left join tags on tags.source_relation = periods.source_relation and tags.urn = periods.urn
left join engines on engines.source_relation = periods.source_relation and engines.urn = periods.urn
left join regions on regions.source_relation = periods.source_relation and regions.region_slug = periods.region_slug
left join {{ ref('feature_categories') }} as categories
    on categories.feature = periods.feature
    and periods.feature <> 'other'
