# METADATA
# title: Compliance of what is really there
# description: Judges the document of a compliance.scan step, facts of hosts and states of stacks; a plan has neither and passes.
package slipway.compliance

deny contains finding if {
	some name, stack in input.stacks
	is_object(input.scan)
	count(stack.pending) > 0
	finding := {"msg": sprintf("stack %s has operations that were cut off", [name]), "at": name, "hint": "run \"pulumi.refresh\" on it"}
}

deny contains finding if {
	some group, hosts in input.facts
	some name, outputs in hosts
	skew := abs(outputs.facts.clockSkewMs)
	skew > 2000
	finding := {"msg": sprintf("the clock of %s is %d ms off", [name, skew]), "at": name, "hint": "start time synchronisation"}
}

warn contains finding if {
	some group, hosts in input.facts
	some name, outputs in hosts
	days := outputs.facts.uptimeSeconds / 86400
	days > 180
	finding := {"msg": sprintf("%s has run for %d days without a restart, so its kernel is old", [name, floor(days)]), "at": name}
}
