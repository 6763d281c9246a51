{{ digitalocean_quolum.stage_utilization('microvm_utilization') }}
