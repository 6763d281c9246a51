# The connector in Airbyte, one source with token access, and its connection to a destination that exists.

locals {
  recommended = jsondecode(file("${path.module}/recommended_streams.json"))
  streams     = var.streams == null ? local.recommended : var.streams
  # What is null is left out: the connector has its own defaults.
  history = var.start_date == null ? {} : { start_date = var.start_date }
  spaces  = var.spaces_key == null ? {} : { spaces = var.spaces_key }
}

resource "airbyte_source_definition" "digitalocean" {
  workspace_id      = var.workspace_id
  name              = "DigitalOcean (Quolum)"
  docker_repository = var.docker_repository
  docker_image_tag  = var.docker_image_tag
  documentation_url = "https://github.com/quolum/source-digitalocean-quolum/blob/main/docs/digitalocean-quolum.md"
}

resource "airbyte_source" "digitalocean" {
  workspace_id  = var.workspace_id
  name          = "DigitalOcean"
  definition_id = airbyte_source_definition.digitalocean.id

  configuration = jsonencode(merge(local.history, local.spaces, {
    credentials = {
      auth_type    = "access_token"
      access_token = var.access_token
    }
    utilization = {
      interval = var.utilization_interval
    }
  }))
}

resource "airbyte_connection" "digitalocean" {
  name           = "DigitalOcean"
  source_id      = airbyte_source.digitalocean.source_id
  destination_id = var.destination_id
  status         = "active"

  namespace_definition                 = "custom_format"
  namespace_format                     = var.schema
  non_breaking_schema_updates_behavior = "propagate_columns"

  configurations = {
    streams = [for name in sort(keys(local.streams)) : { name = name, sync_mode = local.streams[name] }]
  }

  schedule = {
    schedule_type   = var.cron == null ? "manual" : "cron"
    cron_expression = var.cron
  }
}
