{{ config(materialized='table') }}

-- The last known state of everything that is listed, billed or measured, and of everything that ever was.
with latest as (
    select
        *,
        min(dbt_valid_from) over (partition by source_relation, urn) as first_listed_at,
        row_number() over (
            partition by source_relation, urn
            order by case when dbt_valid_to is null then 0 else 1 end, dbt_valid_from desc
        ) as nth_newest
    from {{ ref('resource_inventory_snapshot') }}
),

listed as (
    select
        source_relation, urn, resource_type, feature, name, status, size, region_slug, tags, project_id, project_name,
        managed_by_urn, created_at, price_monthly, dbt_valid_to as unlisted_at,
        {{ digitalocean_quolum.utc_date(digitalocean_quolum.utc_timestamp('first_listed_at', 'timestamp')) }} as first_listed_on,
        {{ digitalocean_quolum.utc_date(digitalocean_quolum.utc_timestamp('dbt_valid_to', 'timestamp')) }} as unlisted_on
    from latest
    where nth_newest = 1
),

billed as (
    select
        source_relation, urn, feature, description, group_description, project_name,
        min(started_at) over (partition by source_relation, urn) as first_billed_at,
        max(ended_at) over (partition by source_relation, urn) as last_billed_at,
        row_number() over (
            partition by source_relation, urn order by billing_month desc, amount desc, description, billed_line_key
        ) as nth_newest
    from {{ ref('int_billed_lines') }}
    where urn is not null
),

measured as (
    select
        source_relation, urn, min(feature) as feature, max(resource_name) as name, max(region_slug) as region_slug,
        min(usage_date) as first_measured_on, max(usage_date) as last_measured_on
    from {{ ref('int_utilization_daily') }}
    where urn not like 'do:team:%'
    group by source_relation, urn
),

urns as (
    select distinct source_relation, urn
    from (
        select source_relation, urn from listed
        union all
        select source_relation, urn from billed
        union all
        select source_relation, urn from measured
    ) as seen
)

select
    urns.source_relation,
    urns.urn,
    {{ digitalocean_quolum.resource_type('urns.urn') }} as resource_type,
    coalesce(listed.feature, billed.feature, measured.feature) as feature,
    -- The size stands in brackets behind the name of a billed line.
    coalesce(listed.name, measured.name, {{ digitalocean_quolum.part('billed.description', ' (', 1) }}) as name,
    listed.status,
    listed.size,
    coalesce(listed.region_slug, measured.region_slug) as region_slug,
    listed.tags,
    listed.project_id,
    coalesce(listed.project_name, billed.project_name) as project_name,
    listed.managed_by_urn,
    listed.created_at,
    listed.price_monthly,
    listed.urn is not null and listed.unlisted_at is null as is_listed,
    case
        when listed.urn is not null and listed.unlisted_at is null then false
        when lists.resource_type is not null then true
    end as is_deleted,
    listed.first_listed_on,
    listed.unlisted_on,
    {{ digitalocean_quolum.utc_date('listed.created_at') }} as created_on,
    {{ digitalocean_quolum.utc_date('billed.first_billed_at') }} as first_billed_on,
    {{ digitalocean_quolum.utc_date('billed.last_billed_at') }} as last_billed_on,
    measured.first_measured_on,
    measured.last_measured_on
from urns
left join listed on listed.source_relation = urns.source_relation and listed.urn = urns.urn
left join billed on billed.source_relation = urns.source_relation and billed.urn = urns.urn and billed.nth_newest = 1
left join measured on measured.source_relation = urns.source_relation and measured.urn = urns.urn
left join {{ ref('int_lists_read') }} as lists
    on lists.source_relation = urns.source_relation
    and lists.resource_type = {{ digitalocean_quolum.resource_type('urns.urn') }}
