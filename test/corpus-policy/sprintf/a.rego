package slipway.owner

deny contains sprintf("runbook %q has no owner", [input.runbook.name]) if not input.runbook.owner
