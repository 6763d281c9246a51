with source as (
    {{ digitalocean_quolum.read_stream(
        'app_instance_sizes',
        columns={
            'slug': 'text',
            'name': 'text',
            'usd_per_month': 'decimal',
            'cpus': 'integer',
            'memory_bytes': 'integer',
        },
        key=['slug']
    ) }}
)

select
    source_relation,
    extracted_at,
    slug,
    name,
    usd_per_month,
    cpus,
    memory_bytes
from source
