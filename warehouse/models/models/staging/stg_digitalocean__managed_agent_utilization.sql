{{ digitalocean_quolum.stage_utilization('managed_agent_utilization') }}
