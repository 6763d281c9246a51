{{ digitalocean_quolum.stage_utilization('droplet_autoscale_utilization') }}
