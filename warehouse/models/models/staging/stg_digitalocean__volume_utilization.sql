{{ digitalocean_quolum.stage_utilization('volume_utilization') }}
