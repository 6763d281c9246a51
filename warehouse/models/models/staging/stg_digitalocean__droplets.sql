with source as (
    {{ digitalocean_quolum.read_stream(
        'droplets',
        columns={
            'id': 'text',
            'name': 'text',
            'status': 'text',
            'memory': 'integer',
            'vcpus': 'integer',
            'disk': 'integer',
            'created_at': 'timestamp',
            'backup_ids': 'json',
            'snapshot_ids': 'json',
            'volume_ids': 'json',
            'size': 'json',
            'size_slug': 'text',
            'region': 'json',
            'tags': 'json',
            'vpc_uuid': 'text',
            'gpu_info': 'json',
            'gpu': 'boolean',
            'features': 'json',
        },
        key=['id']
    ) }}
)

select
    source_relation,
    extracted_at,
    'do:droplet:' || id as urn,
    id as droplet_id,
    name,
    status,
    memory as memory_mib,
    vcpus,
    disk as disk_gib,
    size_slug,
    cast({{ digitalocean_quolum.json_text('size', ['price_monthly']) }} as {{ digitalocean_quolum.type_of('decimal') }}) as price_monthly,
    cast({{ digitalocean_quolum.json_text('size', ['transfer']) }} as {{ digitalocean_quolum.type_of('decimal') }}) as transfer_tb,
    {{ digitalocean_quolum.json_text('region', ['slug']) }} as region_slug,
    tags,
    coalesce(gpu, {{ digitalocean_quolum.json_text('gpu_info', ['count']) }} is not null) as gpu,
    created_at
from source
