-- "Now" is the newest row of a connection and not the clock: a warehouse that was not synced for a month still shows its
-- last state, and a build can be repeated.
with rows_read as (
    {%- for stream in ['account', 'projects', 'droplets', 'volumes', 'database_clusters', 'load_balancers', 'apps',
        'kubernetes_clusters', 'invoices', 'invoice_preview_items', 'balance', 'billing_insights', 'droplet_utilization'] %}
    select source_relation, max(extracted_at) as extracted_at
    from {{ ref('stg_digitalocean__' ~ stream) }}
    group by source_relation
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

connections as (
    select
        source_relation,
        {% if var('as_of') -%}
        cast('{{ var("as_of") }}' as {{ digitalocean_quolum.type_of('timestamp') }}) as as_of
        {%- else -%}
        coalesce(max(extracted_at), {{ digitalocean_quolum.now() }}) as as_of
        {%- endif %}
    from rows_read
    group by source_relation
),

teams as (
    select source_relation, max(team_urn) as team_urn, max(team_name) as team_name
    from {{ ref('stg_digitalocean__account') }}
    group by source_relation
),

billed_teams as (
    select source_relation, max(team_urn) as team_urn
    from {{ ref('stg_digitalocean__billing_insights') }}
    group by source_relation
)

select
    connections.source_relation,
    coalesce(teams.team_urn, billed_teams.team_urn) as team_urn,
    teams.team_name,
    connections.as_of,
    {{ digitalocean_quolum.utc_date('connections.as_of') }} as as_of_date
from connections
left join teams on teams.source_relation = connections.source_relation
left join billed_teams on billed_teams.source_relation = connections.source_relation
