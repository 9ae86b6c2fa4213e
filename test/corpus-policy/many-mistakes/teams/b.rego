package slipway.teams

deny contains msg if {
	some phase in input.phases
	msg := is_bad(phase)
}
