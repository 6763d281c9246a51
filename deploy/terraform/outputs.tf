output "source_id" {
  description = "The source in Airbyte."
  value       = airbyte_source.digitalocean.source_id
}

output "connection_id" {
  description = "The connection in Airbyte."
  value       = airbyte_connection.digitalocean.connection_id
}
