{{ digitalocean_quolum.stage_utilization('kubernetes_utilization') }}
