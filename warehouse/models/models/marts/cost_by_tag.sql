-- A resource with several tags stands under each with its whole amount; allocated_amount divides it among them, so that
-- this column, and no other, adds up to the bill.
with lines as (
    select source_relation, team_urn, billing_month, is_issued, feature, urn, billed_line_key, amount
    from {{ ref('int_billed_resources') }}
),

tagged as (
    select
        lines.*,
        tags.tag,
        count(*) over (partition by lines.billed_line_key) as tags,
        row_number() over (partition by lines.billed_line_key order by tags.tag) as nth_tag
    from lines
    left join {{ ref('int_resource_tags') }} as tags
        on tags.source_relation = lines.source_relation and tags.urn = lines.urn
),

shares as (
    select
        *,
        -- What does not divide evenly goes to the first tag.
        cast(floor(cast(amount as {{ digitalocean_quolum.type_of('decimal') }}) * 100 / tags) / 100 as {{ digitalocean_quolum.type_of('decimal') }}) as share
    from tagged
)

select
    {{ digitalocean_quolum.surrogate_key(['source_relation', 'billing_month', 'is_issued', 'tag', 'feature']) }} as cost_key,
    source_relation,
    max(team_urn) as team_urn,
    billing_month,
    is_issued,
    tag,
    tag is not null as is_attributed,
    feature,
    sum(amount) as amount,
    cast(sum(case when nth_tag = 1 then amount - share * (tags - 1) else share end) as {{ digitalocean_quolum.type_of('decimal') }}) as allocated_amount,
    count(distinct urn) as resources
from shares
group by source_relation, billing_month, is_issued, tag, feature
