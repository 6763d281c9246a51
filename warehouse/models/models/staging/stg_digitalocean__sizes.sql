with source as (
    {{ digitalocean_quolum.read_stream(
        'sizes',
        columns={
            'slug': 'text',
            'memory': 'integer',
            'vcpus': 'integer',
            'disk': 'integer',
            'transfer': 'decimal',
            'price_monthly': 'decimal',
            'price_hourly': 'decimal',
            'regions': 'json',
            'available': 'boolean',
            'description': 'text',
            'gpu_info': 'json',
        },
        key=['slug']
    ) }}
)

select
    source_relation,
    extracted_at,
    slug as size_slug,
    memory as memory_mib,
    vcpus,
    disk as disk_gib,
    transfer as transfer_tb,
    price_monthly,
    price_hourly,
    regions,
    available,
    description,
    {{ digitalocean_quolum.json_text('gpu_info', ['count']) }} is not null as gpu
from source
