{{ digitalocean_quolum.stage_utilization('app_utilization') }}
