package slipway.names

deny contains msg if {
	some step in input.steps
	owner := input.runbook.owner
	step.uses == "ssh.run"
	msg := "no shell here"
}
