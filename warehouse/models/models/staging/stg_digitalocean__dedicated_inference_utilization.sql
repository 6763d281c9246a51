{{ digitalocean_quolum.stage_utilization('dedicated_inference_utilization') }}
