package slipway.owner

deny contains "late" if {
	input := 5
	input > 4
}
