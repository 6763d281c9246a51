with source as (
    {{ digitalocean_quolum.read_stream(
        'nfs_snapshots',
        columns={
            'id': 'text',
            'share_id': 'text',
            'name': 'text',
            'status': 'text',
            'size_gib': 'integer',
            'region': 'text',
            'created_at': 'timestamp',
        },
        key=['id']
    ) }}
)

select
    source_relation,
    extracted_at,
    'do:nfs_snapshot:' || id as urn,
    id as nfs_snapshot_id,
    'do:nfs:' || share_id as share_urn,
    name,
    status,
    size_gib,
    region as region_slug,
    created_at
from source
