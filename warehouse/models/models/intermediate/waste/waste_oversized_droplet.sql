-- The cheapest size that holds the highest load measured with room to spare. Memory must have been measured; a disk cannot
-- shrink; a size must be sold in the Droplet's region. Dedicated processors are not exchanged for shared ones: what a
-- shared processor gives is not promised.
with fitting as (
    select
        inventory.source_relation,
        inventory.urn,
        inventory.size,
        inventory.price_monthly,
        load.cpu_days,
        load.cpu_peak,
        load.memory_peak_bytes,
        droplets.vcpus,
        droplets.memory_mib,
        sizes.size_slug as fitting_size,
        sizes.price_monthly as fitting_price,
        load.cpu_peak * droplets.vcpus / sizes.vcpus as cpu_peak_after,
        100.0 * load.memory_peak_bytes / (sizes.memory_mib * 1048576.0) as memory_peak_after,
        row_number() over (
            partition by inventory.source_relation, inventory.urn order by sizes.price_monthly, sizes.memory_mib desc, sizes.size_slug
        ) as nth_cheapest
    from {{ ref('resource_inventory') }} as inventory
    inner join {{ ref('stg_digitalocean__droplets') }} as droplets
        on droplets.source_relation = inventory.source_relation and droplets.urn = inventory.urn
    inner join {{ ref('int_droplet_load') }} as load
        on load.source_relation = inventory.source_relation and load.urn = inventory.urn
    inner join {{ ref('stg_digitalocean__sizes') }} as sizes
        on sizes.source_relation = inventory.source_relation
        and sizes.available
        and not sizes.gpu
        and sizes.disk_gib >= droplets.disk_gib
        and sizes.price_monthly <= droplets.price_monthly - {{ var('oversized_minimum_saving') }}
        and (droplets.size_slug like 's-%' or sizes.size_slug not like 's-%')
        and cast(sizes.regions as {{ digitalocean_quolum.type_of('text') }}) like '%"' || droplets.region_slug || '"%'
    where inventory.is_listed
        and inventory.status = 'active'
        and inventory.managed_by_urn is null
        and not coalesce(droplets.gpu, false)
        and load.cpu_days >= {{ var('waste_minimum_days') }}
        and load.memory_days >= {{ var('waste_minimum_days') }}
        and load.cpu_peak * droplets.vcpus / sizes.vcpus < {{ var('oversized_peak_percent') }}
        and 100.0 * load.memory_peak_bytes / (sizes.memory_mib * 1048576.0) < {{ var('oversized_peak_percent') }}
)

select
    fitting.source_relation,
    fitting.urn,
    'Highest processor load ' || {{ digitalocean_quolum.figure('fitting.cpu_peak') }} || ' % and highest memory in use '
    || {{ digitalocean_quolum.figure('fitting.memory_peak_bytes / 1073741824', 2) }} || ' GiB over '
    || cast(fitting.cpu_days as {{ digitalocean_quolum.type_of('text') }}) || ' days. ' || fitting.fitting_size
    || ' would be at ' || {{ digitalocean_quolum.figure('fitting.cpu_peak_after') }} || ' % and '
    || {{ digitalocean_quolum.figure('fitting.memory_peak_after') }} || ' %. By list prices: USD '
    || {{ digitalocean_quolum.figure('fitting.price_monthly', 2) }} || ' for ' || fitting.size || ', USD '
    || {{ digitalocean_quolum.figure('fitting.fitting_price', 2) }} || ' for ' || fitting.fitting_size || '.' as evidence,
    fitting.price_monthly - fitting.fitting_price as saving_monthly,
    'medium' as confidence
from fitting
left join {{ ref('waste_idle_droplet') }} as idle
    on idle.source_relation = fitting.source_relation and idle.urn = fitting.urn
where fitting.nth_cheapest = 1
    -- What is idle is to go, not to shrink.
    and idle.urn is null
