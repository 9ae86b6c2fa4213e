package slipway.owner

denny contains "no owner" if not input.runbook.owner
