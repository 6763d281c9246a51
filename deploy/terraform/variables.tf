variable "workspace_id" {
  description = "The Airbyte workspace, from its address on the web page."
  type        = string
  nullable    = false
}

variable "destination_id" {
  description = "The destination that exists already in this workspace."
  type        = string
  nullable    = false
}

variable "docker_repository" {
  description = "The image without its tag, as Airbyte can pull it."
  type        = string
  nullable    = false
  default     = "quolum/source-digitalocean-quolum"
}

variable "docker_image_tag" {
  description = "The image's tag. A new one makes Airbyte read the connector's form again."
  type        = string
  nullable    = false
  default     = "0.1.0"
}

variable "access_token" {
  description = "A personal access token of DigitalOcean (dop_v1_...). Terraform keeps it in its state: protect that."
  type        = string
  nullable    = false
  sensitive   = true
}

variable "spaces_key" {
  description = "A Spaces key with full access, only for the stream spaces_buckets; null without it."
  type        = object({ access_key = string, secret_key = string })
  default     = null
  sensitive   = true
}

variable "start_date" {
  description = "How far back histories and utilization are read the first time (2026-01-01T00:00:00Z); null for the first day of the previous month."
  type        = string
  default     = null
}

variable "utilization_interval" {
  description = "The length of one utilization record. Change it only together with a full refresh of the utilization streams: intervals of two lengths in one table count twice."
  type        = string
  nullable    = false
  default     = "PT1H"

  validation {
    condition     = contains(["PT5M", "PT15M", "PT1H", "P1D"], var.utilization_interval)
    error_message = "The interval is PT5M, PT15M, PT1H or P1D."
  }
}

variable "streams" {
  description = "The streams with their modes; null for the recommended ones (recommended_streams.json)."
  type        = map(string)
  default     = null

  validation {
    condition = var.streams == null ? true : alltrue([
      for mode in values(var.streams) : contains(
        ["full_refresh_overwrite", "full_refresh_append", "incremental_append", "incremental_deduped_history"],
        mode
      )
    ])
    error_message = "A mode is full_refresh_overwrite, full_refresh_append, incremental_append or incremental_deduped_history."
  }
}

variable "cron" {
  description = "When to sync, as a Quartz cron expression in UTC; null for by hand only."
  type        = string
  default     = "0 17 5 * * ?"
}

variable "schema" {
  description = "The schema of the tables in the destination; the queries of the documentation have this one."
  type        = string
  nullable    = false
  default     = "digitalocean"
}
