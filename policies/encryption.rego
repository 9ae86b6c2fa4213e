# METADATA
# title: Encryption at rest and in transit
# description: What stores data encrypts it, and says so where the plan can see it; connections are not in plain text.
package slipway.encryption

import data.slipway.plan

deny contains finding if {
	some stack in input.stacks
	some change in stack.changes
	plan.changing(change)
	change.facts.encryptable
	change.facts.encrypted == false
	finding := {"msg": sprintf("%s does not encrypt what it stores", [plan.name(change)]), "at": stack.path, "hint": "turn encryption on"}
}

deny contains finding if {
	some stack in input.stacks
	some change in stack.changes
	plan.changing(change)
	change.facts.encryptable
	object.get(change.facts, "encrypted", "unknown") == "unknown"
	finding := {
		"msg": sprintf("%s does not say whether it encrypts what it stores", [plan.name(change)]),
		"at": stack.path,
		"enforcement": "soft",
		"hint": "say it in the program of the stack, with a value that is known when planning",
	}
}

deny contains finding if {
	some stack in input.stacks
	some change in stack.changes
	plan.changing(change)
	change.facts.tlsOnly == false
	finding := {"msg": sprintf("%s accepts plain-text connections", [plan.name(change)]), "at": stack.path, "hint": "require TLS 1.2 or later"}
}
