{{ digitalocean_quolum.stage_utilization('spaces_utilization') }}
