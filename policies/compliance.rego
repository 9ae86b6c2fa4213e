# METADATA
# title: Compliance of what is really there
# description: Judges the document of a compliance.scan step, facts of hosts and states of stacks; a plan has neither and passes.
package slipway.compliance

deny contains finding if {
	is_object(input.scan)
	count(input.stacks) == 0
	count(input.facts) == 0
	finding := {"msg": "the scan looked at nothing", "hint": "give compliance.scan facts, stacks, or both"}
}

deny contains finding if {
	is_object(input.scan)
	some name, stack in input.stacks
	stack.exists == false
	finding := {"msg": sprintf("stack %s does not exist", [name]), "at": name, "hint": "take it out of the scan, or find out who destroyed it"}
}

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

warn contains finding if {
	is_object(input.scan)
	some group, hosts in input.facts
	some name, outputs in hosts
	is_object(outputs.facts)
	not is_number(object.get(outputs.facts, "clockSkewMs", null))
	finding := {"msg": sprintf("nobody knows how far the clock of %s is off", [name]), "at": name}
}
