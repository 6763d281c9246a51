with source as (
    {{ digitalocean_quolum.read_stream(
        'reserved_ips',
        columns={
            'ip': 'text',
            'region': 'json',
            'droplet': 'json',
            'project_id': 'text',
            'locked': 'boolean',
        },
        key=['ip']
    ) }}
)

select
    source_relation,
    extracted_at,
    'do:floatingip:' || ip as urn,
    ip,
    {{ digitalocean_quolum.json_text('region', ['slug']) }} as region_slug,
    'do:droplet:' || {{ digitalocean_quolum.json_text('droplet', ['id']) }} as droplet_urn,
    project_id
from source
