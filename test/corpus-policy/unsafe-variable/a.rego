package slipway.names

deny contains msg if {
	some step in input.steps
	stp.uses == "ssh.run"
	msg := "no shell here"
}
