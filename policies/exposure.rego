# METADATA
# title: No public storage, no open security groups
package slipway.exposure

import data.slipway.limits

changing(change) if change.op in {"create", "update", "replace", "import"}

deny contains finding if {
	some stack in input.stacks
	some change in stack.changes
	changing(change)
	change.facts.dataStore
	change.facts.publicAccess
	finding := {"msg": sprintf("%s %s can be reached by anybody", [change.type, change.name]), "at": stack.path, "hint": "block public access"}
}

deny contains finding if {
	some stack in input.stacks
	some change in stack.changes
	changing(change)
	change.facts.acl in {"public-read", "public-read-write", "blob", "container"}
	finding := {"msg": sprintf("%s %s has the access rule %s", [change.type, change.name, change.facts.acl]), "at": stack.path, "hint": "make it private"}
}

deny contains finding if {
	some stack in input.stacks
	some change in stack.changes
	changing(change)
	some rule in change.facts.ingress
	rule.cidr in {"0.0.0.0/0", "::/0"}
	not only_open_ports(rule)
	finding := {
		"msg": sprintf("%s %s lets %s in on ports %d to %d", [change.type, change.name, rule.cidr, rule.fromPort, rule.toPort]),
		"at": stack.path,
		"hint": "name the networks that need it",
	}
}

only_open_ports(rule) if {
	rule.fromPort == rule.toPort
	rule.fromPort in limits.open_ports
}
