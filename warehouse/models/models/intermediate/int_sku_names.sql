-- The region and SKU of billed lines, which only daily cost tells: by the same description, where it leaves no choice.
select
    source_relation,
    billing_month,
    landed_feature,
    coalesce(description, '') as description,
    coalesce(group_description, '') as group_description,
    case when count(distinct coalesce(region_slug, '')) = 1 then min(region_slug) end as region_slug,
    case when count(distinct coalesce(sku, '')) = 1 then min(sku) end as sku
from {{ ref('int_daily_lines') }}
group by 1, 2, 3, 4, 5
