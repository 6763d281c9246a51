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
        {{ digitalocean_quolum.midnight('billing_month') }} as period_start,
        {{ digitalocean_quolum.midnight(digitalocean_quolum.add_days('billing_month', digitalocean_quolum.days_in_month('billing_month'))) }} as period_end
    from lines
)

select
    cast(periods.amount as {{ decimal }}) as {{ digitalocean_quolum.quoted('BilledCost') }},
    coalesce(connections.team_urn, periods.source_relation) as {{ digitalocean_quolum.quoted('BillingAccountId') }},
    connections.team_name as {{ digitalocean_quolum.quoted('BillingAccountName') }},
    'USD' as {{ digitalocean_quolum.quoted('BillingCurrency') }},
    periods.period_end as {{ digitalocean_quolum.quoted('BillingPeriodEnd') }},
    periods.period_start as {{ digitalocean_quolum.quoted('BillingPeriodStart') }},
    periods.charge_category as {{ digitalocean_quolum.quoted('ChargeCategory') }},
    cast(null as {{ text }}) as {{ digitalocean_quolum.quoted('ChargeClass') }},
    coalesce(periods.description, periods.product) as {{ digitalocean_quolum.quoted('ChargeDescription') }},
    periods.charge_frequency as {{ digitalocean_quolum.quoted('ChargeFrequency') }},
    coalesce(periods.ended_at, periods.period_end) as {{ digitalocean_quolum.quoted('ChargePeriodEnd') }},
    coalesce(periods.started_at, periods.period_start) as {{ digitalocean_quolum.quoted('ChargePeriodStart') }},
    cast(periods.hours as {{ decimal }}) as {{ digitalocean_quolum.quoted('ConsumedQuantity') }},
    case when periods.hours is not null then 'Hours' end as {{ digitalocean_quolum.quoted('ConsumedUnit') }},
    cast(periods.amount as {{ decimal }}) as {{ digitalocean_quolum.quoted('ContractedCost') }},
    cast(periods.amount as {{ decimal }}) as {{ digitalocean_quolum.quoted('EffectiveCost') }},
    'DigitalOcean' as {{ digitalocean_quolum.quoted('HostProviderName') }},
    invoices.invoice_id as {{ digitalocean_quolum.quoted('InvoiceId') }},
    'DigitalOcean' as {{ digitalocean_quolum.quoted('InvoiceIssuerName') }},
    cast(periods.amount as {{ decimal }}) as {{ digitalocean_quolum.quoted('ListCost') }},
    case when periods.charge_category = 'Usage' and periods.line_source <> 'invoice_summaries' then 'Standard' end as {{ digitalocean_quolum.quoted('PricingCategory') }},
    'USD' as {{ digitalocean_quolum.quoted('PricingCurrency') }},
    cast(periods.hours as {{ decimal }}) as {{ digitalocean_quolum.quoted('PricingQuantity') }},
    case when periods.hours is not null then 'Hours' end as {{ digitalocean_quolum.quoted('PricingUnit') }},
    'DigitalOcean' as {{ digitalocean_quolum.quoted('ProviderName') }},
    'DigitalOcean' as {{ digitalocean_quolum.quoted('PublisherName') }},
    case when regions.region_name is not null then periods.region_slug end as {{ digitalocean_quolum.quoted('RegionId') }},
    regions.region_name as {{ digitalocean_quolum.quoted('RegionName') }},
    periods.urn as {{ digitalocean_quolum.quoted('ResourceId') }},
    case when periods.urn is not null then periods.resource_name end as {{ digitalocean_quolum.quoted('ResourceName') }},
    case when periods.urn is not null then periods.resource_type end as {{ digitalocean_quolum.quoted('ResourceType') }},
    coalesce(engines.service_category, categories.service_category, 'Other') as {{ digitalocean_quolum.quoted('ServiceCategory') }},
    coalesce(engines.service_name, categories.service_name, periods.product) as {{ digitalocean_quolum.quoted('ServiceName') }},
    'DigitalOcean' as {{ digitalocean_quolum.quoted('ServiceProviderName') }},
    coalesce(engines.service_subcategory, categories.service_subcategory, 'Other (Other)') as {{ digitalocean_quolum.quoted('ServiceSubcategory') }},
    periods.sku as {{ digitalocean_quolum.quoted('SkuId') }},
    tags.tags as {{ digitalocean_quolum.quoted('Tags') }},
    periods.billed_line_key as {{ digitalocean_quolum.quoted('x_BilledLineKey') }},
    periods.feature as {{ digitalocean_quolum.quoted('x_Feature') }},
    not periods.is_issued as {{ digitalocean_quolum.quoted('x_IsProvisional') }},
    periods.line_source as {{ digitalocean_quolum.quoted('x_LineSource') }},
    periods.product as {{ digitalocean_quolum.quoted('x_Product') }},
    periods.project_name as {{ digitalocean_quolum.quoted('x_ProjectName') }},
    periods.row_hash as {{ digitalocean_quolum.quoted('x_RowHash') }},
    periods.source_relation as {{ digitalocean_quolum.quoted('x_SourceRelation') }}
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
