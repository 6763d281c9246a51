-- What the instances of an app cost a month, by its specification. Autoscaling is priced at its minimum.
with components as (
    {%- for kind in ['services', 'workers'] %}
    select apps.source_relation, apps.urn, {{ digitalocean_quolum.as_json(digitalocean_quolum.json_element('components')) }} as component
    from {{ ref('stg_digitalocean__apps') }} as apps
    {{ digitalocean_quolum.json_elements(digitalocean_quolum.json_value('apps.spec', kind), 'components') }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select
    components.source_relation,
    components.urn,
    sum(
        sizes.usd_per_month * coalesce(
            cast({{ digitalocean_quolum.json_text('components.component', ['autoscaling', 'min_instance_count']) }} as {{ digitalocean_quolum.type_of('integer') }}),
            cast({{ digitalocean_quolum.json_text('components.component', ['instance_count']) }} as {{ digitalocean_quolum.type_of('integer') }}),
            1
        )
    ) as price_monthly
from components
left join {{ ref('stg_digitalocean__app_instance_sizes') }} as sizes
    on sizes.source_relation = components.source_relation
    and sizes.slug = {{ digitalocean_quolum.json_text('components.component', ['instance_size_slug']) }}
group by components.source_relation, components.urn
-- One size without a price leaves the app without one: half a sum would be taken for the whole.
having count(*) = count(sizes.usd_per_month)
