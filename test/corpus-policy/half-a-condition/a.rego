package slipway.tags

deny contains msg if {
	input.runbook.owner ==
	msg := "no owner"
}
