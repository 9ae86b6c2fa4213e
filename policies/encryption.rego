# METADATA
# title: Encryption at rest and in transit
package slipway.encryption

deny contains finding if {
	some stack in input.stacks
	some change in stack.changes
	change.op in {"create", "update", "replace", "import"}
	change.facts.encryptable
	object.get(change.facts, "encrypted", stack.approximate) == false
	finding := {"msg": sprintf("%s %s does not encrypt what it stores", [change.type, change.name]), "at": stack.path, "hint": "turn encryption on"}
}

deny contains finding if {
	some stack in input.stacks
	some change in stack.changes
	change.op in {"create", "update", "replace", "import"}
	change.facts.tlsOnly == false
	finding := {"msg": sprintf("%s %s accepts plain-text connections", [change.type, change.name]), "at": stack.path, "hint": "require TLS 1.2 or later"}
}
