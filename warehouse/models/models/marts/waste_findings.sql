{%- set rules = [
    'powered_off', 'idle_droplet', 'oversized_droplet', 'unattached_volume', 'unassigned_reserved_ip', 'old_snapshot',
    'snapshot_without_resource', 'load_balancer_without_backends', 'idle_load_balancer', 'database_without_connections',
    'oversized_database', 'idle_app', 'uncollected_registry', 'idle_gpu_droplet', 'idle_dedicated_inference',
    'unmeasured_droplet'
] %}

with findings as (
    {%- for rule in rules %}
    select
        '{{ rule }}' as rule, source_relation, urn, evidence,
        cast(round(saving_monthly, 2) as {{ digitalocean_quolum.type_of('money') }}) as saving_monthly, confidence
    from {{ ref('waste_' ~ rule) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select
    {{ digitalocean_quolum.surrogate_key(['findings.rule', 'findings.source_relation', 'findings.urn']) }} as finding_key,
    findings.source_relation,
    inventory.team_urn,
    findings.rule,
    rules.title,
    findings.urn,
    inventory.resource_type,
    inventory.feature,
    inventory.name,
    inventory.project_name,
    inventory.owner,
    inventory.region_slug,
    inventory.size,
    findings.evidence,
    findings.saving_monthly,
    -- A resource under several rules can be saved once: only its largest saving may be added up.
    case
        when row_number() over (
            partition by findings.source_relation, findings.urn
            order by coalesce(findings.saving_monthly, 0) desc, findings.rule
        ) = 1 then coalesce(findings.saving_monthly, 0)
        else 0
    end as additive_saving_monthly,
    findings.confidence,
    rules.reason,
    rules.what_to_do,
    rules.source_name,
    rules.source_url
from findings
inner join {{ ref('resource_inventory') }} as inventory
    on inventory.source_relation = findings.source_relation and inventory.urn = findings.urn
left join {{ ref('waste_rules') }} as rules on rules.rule = findings.rule
