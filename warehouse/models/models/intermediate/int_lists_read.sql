-- Which lists of resources are in the warehouse at all, be they empty. What is not on a list that was read is gone; of what
-- was on a list that is not there any more nobody knows.
{%- set streams = {
    'droplet': 'droplets', 'volume': 'volumes', 'snapshot': 'snapshots', 'reserved_ip': 'reserved_ips',
    'reserved_ipv6': 'reserved_ipv6s', 'load_balancer': 'load_balancers', 'database': 'database_clusters',
    'kubernetes_cluster': 'kubernetes_clusters', 'app': 'apps', 'registry': 'registries',
    'functions_namespace': 'function_namespaces', 'dedicated_inference': 'dedicated_inferences',
    'genai_agent': 'genai_agents', 'knowledge_base': 'genai_knowledge_bases', 'vector_database': 'vector_databases',
    'autoscale_pool': 'droplet_autoscale_pools', 'vpc_nat_gateway': 'vpc_nat_gateways', 'nfs': 'nfs_shares',
    'nfs_snapshot': 'nfs_snapshots', 'uptime_check': 'uptime_checks', 'add_on': 'add_ons', 'microvm': 'microvms',
    'bucket': 'project_resources'
} -%}
{%- set text = digitalocean_quolum.type_of('text') -%}
{%- set lists = [] -%}
{%- if execute -%}
    {%- for schema in var('digitalocean_schemas') -%}
        {%- for type, stream in streams.items() -%}
            {%- if adapter.get_relation(database=var('digitalocean_database') or target.database, schema=schema, identifier=stream) is not none -%}
                {%- do lists.append("select cast('" ~ schema ~ "' as " ~ text ~ ") as source_relation, cast('" ~ type ~ "' as " ~ text ~ ") as resource_type") -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
{%- endif %}

with lists as (
    {{ lists | join('\n    union all\n    ') if lists else "select cast(null as " ~ text ~ ") as source_relation, cast(null as " ~ text ~ ") as resource_type" }}
)

select
    source_relation,
    resource_type
from lists
where resource_type is not null
