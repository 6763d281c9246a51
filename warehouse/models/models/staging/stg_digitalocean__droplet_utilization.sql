{{ digitalocean_quolum.stage_utilization('droplet_utilization') }}
