{{ digitalocean_quolum.stage_utilization('database_utilization') }}
