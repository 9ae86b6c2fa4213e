# METADATA
# title: Cost ceiling
# description: A runbook says what it costs, and no more than each of its environments allows.
package slipway.cost

deny contains finding if {
	some name, environment in input.environments
	input.cost.monthly > environment.costCeiling
	finding := {
		"msg": sprintf("it costs %v a month, and environment %s allows %v", [input.cost.monthly, name, environment.costCeiling]),
		"enforcement": "soft",
		"hint": "make it smaller, or ask the owner of the environment",
	}
}

warn contains {"msg": "the runbook creates resources and does not say what they cost", "hint": "add \"cost: {monthly: …}\""} if {
	input.blastRadius.resources.create > 0
	not input.cost.monthly
}
