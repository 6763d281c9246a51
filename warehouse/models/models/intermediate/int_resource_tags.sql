-- The tags of every resource, those of deleted ones included; the same tag twice is one.
select distinct states.source_relation, states.urn, {{ digitalocean_quolum.json_element('tags') }} as tag
from {{ ref('int_resource_states') }} as states
{{ digitalocean_quolum.json_elements('states.tags', 'tags') }}
where {{ digitalocean_quolum.json_element('tags') }} <> ''
