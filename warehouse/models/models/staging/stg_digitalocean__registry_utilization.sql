{{ digitalocean_quolum.stage_utilization('registry_utilization') }}
