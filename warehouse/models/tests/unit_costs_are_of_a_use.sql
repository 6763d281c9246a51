-- What one used unit cost is told only where the use that is shown beside it is more than nothing.
select source_relation, billing_month, feature, urn, used_quantity, cost_per_used_unit
from {{ ref('use_and_pay') }}
where cost_per_used_unit is not null and used_quantity < 0.01
