package slipway.tags

deny[msg] {
	not input.runbook.owner
	msg := "no owner"
}
