{{ digitalocean_quolum.stage_utilization('vector_database_utilization') }}
