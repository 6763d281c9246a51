-- What could be saved is no more than what the resources cost.
select findings.source_relation, findings.urn
from {{ ref('waste_findings') }} as findings
inner join {{ ref('resource_inventory') }} as inventory
    on inventory.source_relation = findings.source_relation and inventory.urn = findings.urn
group by findings.source_relation, findings.urn
having sum(findings.additive_saving_monthly) > max(greatest(coalesce(inventory.monthly_cost, 0), coalesce(inventory.price_monthly, 0)))
