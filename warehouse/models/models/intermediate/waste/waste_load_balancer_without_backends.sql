-- A load balancer finds its backends by their ids or by a tag; a global one sends to other load balancers.
with tagged as (
    select distinct tags.source_relation, tags.tag
    from {{ ref('int_resource_tags') }} as tags
    inner join {{ ref('resource_inventory') }} as droplets
        on droplets.source_relation = tags.source_relation and droplets.urn = tags.urn
    where droplets.is_listed and droplets.resource_type = 'droplet'
)

select
    inventory.source_relation,
    inventory.urn,
    case
        when balancers.tag is null then 'No Droplet and no tag is behind it.'
        else 'No Droplet has the tag ' || balancers.tag || ' behind it.'
    end || {{ digitalocean_quolum.cost_sentence() }} as evidence,
    inventory.monthly_cost as saving_monthly,
    'high' as confidence
from {{ ref('resource_inventory') }} as inventory
inner join {{ ref('stg_digitalocean__load_balancers') }} as balancers
    on balancers.source_relation = inventory.source_relation and balancers.urn = inventory.urn
left join tagged on tagged.source_relation = balancers.source_relation and tagged.tag = balancers.tag
where inventory.is_listed
    and balancers.backends = 0
    and balancers.target_load_balancers = 0
    and coalesce(balancers.type, 'REGIONAL') <> 'GLOBAL'
    and tagged.tag is null
