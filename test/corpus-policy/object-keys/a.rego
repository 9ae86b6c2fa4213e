package slipway.owner

deny[msg] := true if {
	not input.runbook.owner
	msg := "no owner"
}
