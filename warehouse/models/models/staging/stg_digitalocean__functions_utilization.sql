{{ digitalocean_quolum.stage_utilization('functions_utilization') }}
