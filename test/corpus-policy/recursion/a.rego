package slipway.owner

is_late(step) if {
	some other in input.steps
	other.owner == step.path
	is_late(other)
}

deny contains "late" if is_late(input.steps[0])
