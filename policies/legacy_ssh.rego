# METADATA
# title: Old algorithms of SSH
# description: A host that may use broken algorithms is seen wherever it is touched, and in production an owner has to agree to it.
package slipway.legacy_ssh

# Also the hosts that lead to it.
reached[name] contains through if {
	some host in input.hosts
	name := host.name
	some through in array.concat([host.name], host.jump)
}

weak[name] := concat(", ", host.legacy) if {
	some host in input.hosts
	name := host.name
	count(object.get(host, "legacy", [])) > 0
}

found contains {"step": step, "host": host, "algorithms": weak[host]} if {
	some step in input.steps
	some name in step.hosts.names
	some host in reached[name]
	weak[host]
}

deny contains finding if {
	some each in found
	each.step.production
	finding := {
		"msg": sprintf("%s goes to %s, which may use %s: whoever listens may read along or change what is sent", [each.step.path, each.host, each.algorithms]),
		"at": each.step.path,
		"enforcement": "soft",
		"hint": "update the SSH server of the host and take \"legacy\" out of the inventory, or agree to it",
	}
}

warn contains finding if {
	some each in found
	not each.step.production
	finding := {
		"msg": sprintf("%s goes to %s, which may use %s", [each.step.path, each.host, each.algorithms]),
		"at": each.step.path,
	}
}
