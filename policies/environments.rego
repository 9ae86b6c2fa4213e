# METADATA
# title: Known ground
# description: Whatever changes something says in which environment; otherwise nobody knows whether it is production.
package slipway.environments

deny contains finding if {
	some phase in input.phases
	phase.mutates
	not is_known(phase)
	finding := {
		"msg": sprintf("phase %s changes something and names no environment that is known", [phase.id]),
		"at": phase.id,
		"hint": "add \"environment: <name>\", so that policies know whether it is production",
	}
}

is_known(phase) if input.environments[phase.environment]
