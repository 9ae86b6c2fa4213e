package slipway.owner

deny contains "late" if {
	count(5) > 4
}
