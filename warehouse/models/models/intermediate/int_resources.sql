{{ config(materialized='table') }}

-- Everything billable that DigitalOcean lists now, of all products, in one shape.
{%- set text = digitalocean_quolum.type_of('text') -%}
{%- set decimal = digitalocean_quolum.type_of('decimal') -%}
{%- set json = digitalocean_quolum.type_of('json') -%}
{%- set timestamp = digitalocean_quolum.type_of('timestamp') %}

with prices as (
    select
        max(case when resource_type = 'volume' then price_monthly end) as volume,
        max(case when resource_type = 'snapshot' then price_monthly end) as snapshot,
        max(case when resource_type = 'load_balancer' then price_monthly end) as load_balancer,
        max(case when resource_type = 'reserved_ip' then price_monthly end) as reserved_ip
    from {{ ref('list_prices') }}
),

nodes as (
    select source_relation, droplet_urn, min(cluster_urn) as cluster_urn
    from {{ ref('stg_digitalocean__kubernetes_nodes') }}
    where droplet_urn is not null
    group by source_relation, droplet_urn
),

members as (
    select source_relation, droplet_urn, min(autoscale_pool_urn) as autoscale_pool_urn
    from {{ ref('stg_digitalocean__droplet_autoscale_members') }}
    where droplet_urn is not null
    group by source_relation, droplet_urn
),

listed as (
    select
        droplets.source_relation, droplets.urn, case when nodes.droplet_urn is null then 'droplets' else 'kubernetes' end as feature,
        droplets.name, droplets.status, droplets.size_slug as size, droplets.region_slug, droplets.tags,
        cast(null as {{ text }}) as project_id, droplets.created_at, droplets.price_monthly,
        coalesce(nodes.cluster_urn, members.autoscale_pool_urn) as managed_by_urn
    from {{ ref('stg_digitalocean__droplets') }} as droplets
    left join nodes on nodes.source_relation = droplets.source_relation and nodes.droplet_urn = droplets.urn
    left join members on members.source_relation = droplets.source_relation and members.droplet_urn = droplets.urn

    union all

    select
        source_relation, urn, 'volumes', name, case when attachments > 0 then 'attached' else 'unattached' end,
        cast(size_gib as {{ text }}) || ' GiB', region_slug, tags, null, created_at, size_gib * prices.volume, null
    from {{ ref('stg_digitalocean__volumes') }}
    cross join prices

    union all

    select
        source_relation, urn, 'snapshots', name, null, {{ digitalocean_quolum.figure('size_gib', 2) }} || ' GiB', region_slug,
        tags, null, created_at, size_gib * prices.snapshot, null
    from {{ ref('stg_digitalocean__snapshots') }}
    cross join prices

    union all

    select
        source_relation, urn, 'reserved_ips', ip, case when droplet_urn is null then 'unassigned' else 'assigned' end, null,
        region_slug, cast(null as {{ json }}), project_id, cast(null as {{ timestamp }}),
        case when droplet_urn is null then prices.reserved_ip else 0 end, null
    from {{ ref('stg_digitalocean__reserved_ips') }}
    cross join prices

    union all

    select
        source_relation, urn, 'reserved_ips', ip, case when droplet_urn is null then 'unassigned' else 'assigned' end, null,
        region_slug, cast(null as {{ json }}), null, created_at, cast(null as {{ decimal }}), null
    from {{ ref('stg_digitalocean__reserved_ipv6s') }}

    union all

    select
        source_relation, urn, 'load_balancers', name, status, cast(nodes as {{ text }}) || case nodes when 1 then ' node' else ' nodes' end, region_slug,
        cast(null as {{ json }}), project_id, created_at, nodes * prices.load_balancer, null
    from {{ ref('stg_digitalocean__load_balancers') }}
    cross join prices

    union all

    select
        source_relation, urn, 'databases', name, status, cast(nodes as {{ text }}) || ' x ' || size_slug, region_slug, tags,
        project_id, created_at, null, null
    from {{ ref('stg_digitalocean__database_clusters') }}

    union all

    select
        source_relation, urn, 'databases', name, status, size_slug, region_slug, tags, null, created_at, null, cluster_urn
    from {{ ref('stg_digitalocean__database_replicas') }}
    -- Not every answer names a replica's id.
    where urn is not null

    union all

    select
        source_relation, urn, 'kubernetes', name, status, null, region_slug, tags, null, created_at, null, null
    from {{ ref('stg_digitalocean__kubernetes_clusters') }}

    union all

    select
        apps.source_relation, apps.urn, 'apps', apps.name, null, apps.tier_slug, apps.region_slug, cast(null as {{ json }}),
        apps.project_id, apps.created_at, prices.price_monthly, null
    from {{ ref('stg_digitalocean__apps') }} as apps
    left join {{ ref('int_app_prices') }} as prices
        on prices.source_relation = apps.source_relation and prices.urn = apps.urn

    union all

    -- One subscription covers all registries of a team, so a registry has a price only where it is the only one.
    select
        source_relation, urn, 'registry', name, null, tier_slug, region_slug, cast(null as {{ json }}), null, created_at,
        case when count(*) over (partition by source_relation) = 1 then price_monthly end, null
    from {{ ref('stg_digitalocean__registries') }}

    union all

    select
        source_relation, urn, 'functions', name, null, null, region_slug, cast(null as {{ json }}), null, created_at, null, null
    from {{ ref('stg_digitalocean__function_namespaces') }}

    union all

    select
        source_relation, urn, 'dedicated_inference', name, status, null, region_slug, cast(null as {{ json }}), null,
        created_at, null, null
    from {{ ref('stg_digitalocean__dedicated_inferences') }}

    union all

    select
        source_relation, urn, 'inference', name, null, null, region_slug, tags, project_id, created_at, null, null
    from {{ ref('stg_digitalocean__genai_agents') }}

    union all

    select
        source_relation, urn, 'inference', name, null, null, region_slug, tags, project_id, created_at, null, null
    from {{ ref('stg_digitalocean__genai_knowledge_bases') }}

    union all

    select
        source_relation, urn, 'vector_databases', name, status, size_slug, region_slug, tags, project_id, created_at, null, null
    from {{ ref('stg_digitalocean__vector_databases') }}

    union all

    -- The pool itself is free of charge: its Droplets are billed.
    select
        source_relation, urn, 'droplet_autoscale', name, status, size_slug, region_slug, cast(null as {{ json }}), null,
        created_at, 0, null
    from {{ ref('stg_digitalocean__droplet_autoscale_pools') }}

    union all

    select
        source_relation, urn, 'nat_gateways', name, status, cast(size as {{ text }}), region_slug, cast(null as {{ json }}),
        project_id, created_at, null, null
    from {{ ref('stg_digitalocean__vpc_nat_gateways') }}

    union all

    select
        source_relation, urn, 'nfs', name, status, cast(size_gib as {{ text }}) || ' GiB', region_slug,
        cast(null as {{ json }}), null, created_at, null, null
    from {{ ref('stg_digitalocean__nfs_shares') }}

    union all

    select
        source_relation, urn, 'nfs', name, status, cast(size_gib as {{ text }}) || ' GiB', region_slug,
        cast(null as {{ json }}), null, created_at, null, null
    from {{ ref('stg_digitalocean__nfs_snapshots') }}

    union all

    select
        source_relation, urn, 'uptime', name, case when enabled then 'enabled' else 'disabled' end, type, null,
        cast(null as {{ json }}), null, cast(null as {{ timestamp }}), null, null
    from {{ ref('stg_digitalocean__uptime_checks') }}

    union all

    select
        source_relation, urn, 'add_ons', name, status, plan_slug, null, cast(null as {{ json }}), null,
        cast(null as {{ timestamp }}), price_monthly, null
    from {{ ref('stg_digitalocean__add_ons') }}

    union all

    select
        source_relation, urn, 'microvms', name, status, null, region_slug, tags, null, created_at, null, null
    from {{ ref('stg_digitalocean__microvms') }}

    union all

    -- Buckets have no list of their own: projects tell them.
    select
        source_relation, urn, 'spaces', {{ digitalocean_quolum.part('urn', ':', 3) }}, null, null, null, cast(null as {{ json }}), null,
        cast(null as {{ timestamp }}), null, null
    from {{ ref('int_project_of_resource') }}
    where urn like 'do:space:%'
)

select
    listed.source_relation,
    listed.urn,
    {{ digitalocean_quolum.resource_type('listed.urn') }} as resource_type,
    listed.feature,
    listed.name,
    listed.status,
    listed.size,
    listed.region_slug,
    listed.tags,
    coalesce(assigned.project_id, listed.project_id) as project_id,
    coalesce(assigned.project_name, projects.project_name) as project_name,
    listed.managed_by_urn,
    listed.created_at,
    cast(listed.price_monthly as {{ decimal }}) as price_monthly
from listed
left join {{ ref('int_project_of_resource') }} as assigned
    on assigned.source_relation = listed.source_relation and assigned.urn = listed.urn
left join {{ ref('stg_digitalocean__projects') }} as projects
    on projects.source_relation = listed.source_relation and projects.project_id = listed.project_id
