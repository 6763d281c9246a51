with source as (
    {{ digitalocean_quolum.read_stream(
        'account',
        columns={
            'uuid': 'text',
            'name': 'text',
            'status': 'text',
            'email': 'text',
            'team': 'json',
        },
        key=['uuid']
    ) }}
)

select
    source_relation,
    extracted_at,
    uuid as account_uuid,
    name as account_name,
    status,
    'do:team:' || {{ digitalocean_quolum.json_text('team', ['uuid']) }} as team_urn,
    {{ digitalocean_quolum.json_text('team', ['name']) }} as team_name
from source
