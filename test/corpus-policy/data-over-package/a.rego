package slipway.owner

deny contains "no owner" if not input.runbook.owner
