{{ digitalocean_quolum.stage_utilization('inference_router_utilization') }}
