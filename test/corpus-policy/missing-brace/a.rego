package slipway.tags

deny contains msg if {
	not input.runbook.owner
	msg := "no owner"
