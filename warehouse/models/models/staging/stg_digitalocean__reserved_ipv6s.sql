with source as (
    {{ digitalocean_quolum.read_stream(
        'reserved_ipv6s',
        columns={
            'ip': 'text',
            'region_slug': 'text',
            'reserved_at': 'timestamp',
            'droplet': 'json',
        },
        key=['ip']
    ) }}
)

select
    source_relation,
    extracted_at,
    'do:reservedipv6:' || ip as urn,
    ip,
    region_slug,
    'do:droplet:' || {{ digitalocean_quolum.json_text('droplet', ['id']) }} as droplet_urn,
    reserved_at as created_at
from source
