{{ digitalocean_quolum.stage_utilization('inference_utilization') }}
