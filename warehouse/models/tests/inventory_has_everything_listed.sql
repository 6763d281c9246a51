-- What DigitalOcean lists is in the inventory, once.
select listed.source_relation, listed.urn
from {{ ref('int_resources') }} as listed
left join {{ ref('resource_inventory') }} as inventory
    on inventory.source_relation = listed.source_relation and inventory.urn = listed.urn and inventory.is_listed
group by listed.source_relation, listed.urn
having count(*) <> 1 or count(inventory.urn) <> 1
