{{ digitalocean_quolum.stage_utilization('load_balancer_utilization') }}
