-- The landed words for features, and what they mean in every mart: "other" is told apart by the product or the SKU.
with words as (
    select distinct landed_feature, word
    from (
        select landed_feature, lower(coalesce(product, '')) as word from {{ ref('stg_digitalocean__invoice_items') }}
        union all
        select landed_feature, lower(coalesce(product, '')) as word from {{ ref('stg_digitalocean__invoice_preview_items') }}
        union all
        select landed_feature, lower(coalesce(sku, '')) as word from {{ ref('stg_digitalocean__billing_insights') }}
    ) as billed
),

matches as (
    select
        words.landed_feature,
        words.word,
        mapping.feature,
        row_number() over (
            partition by words.landed_feature, words.word order by length(mapping.begins_with) desc, mapping.feature
        ) as nth_best
    from words
    left join {{ ref('feature_mapping') }} as mapping
        on mapping.landed_feature = words.landed_feature
        and words.word like mapping.begins_with || '%'
)

select landed_feature, word, coalesce(feature, landed_feature) as feature
from matches
where nth_best = 1
