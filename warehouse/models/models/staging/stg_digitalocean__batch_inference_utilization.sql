{{ digitalocean_quolum.stage_utilization('batch_inference_utilization') }}
