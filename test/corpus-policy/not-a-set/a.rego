package slipway.owner

deny if not input.runbook.owner

warn := "careful"

default violation := false
