package slipway.names

deny contains msg if {
	some step in input.steps
	not starts_with(step.id, "erp")
	msg := sprintf("%s has another name", [step.id])
}
