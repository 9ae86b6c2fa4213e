# METADATA
# title: No public storage, no open security groups
# description: Data is not public, only web ports are open to the internet, and guards against it stay.
package slipway.exposure

import data.slipway.limits
import data.slipway.plan

# Resources that hold no data themselves and decide who reaches it.
guards := `:(BucketPublicAccessBlock|AccountPublicAccessBlock|Redis|Server|ReplicationGroup)$`

# Resources that decide who comes in.
firewalls := `:(SecurityGroup|SecurityGroupRule|SecurityGroupIngressRule|NetworkSecurityGroup|SecurityRule)$`

holds_data(change) if change.facts.dataStore

holds_data(change) if regex.match(guards, change.type)

deny contains finding if {
	some stack in input.stacks
	some change in stack.changes
	plan.changing(change)
	holds_data(change)
	change.facts.publicAccess
	finding := {"msg": sprintf("%s lets anybody reach data", [plan.name(change)]), "at": stack.path, "hint": "block public access"}
}

deny contains finding if {
	some stack in input.stacks
	stack.production
	some change in stack.changes
	plan.changing(change)
	not holds_data(change)
	change.facts.publicAccess
	finding := {
		"msg": sprintf("%s can be reached from the internet", [plan.name(change)]),
		"at": stack.path,
		"enforcement": "soft",
		"hint": "put it behind a load balancer or a private endpoint",
	}
}

deny contains finding if {
	some stack in input.stacks
	stack.operation != "destroy"
	some change in stack.changes
	change.op == "delete"
	regex.match(`PublicAccessBlock$`, change.type)
	not buckets_go_too(stack)
	finding := {"msg": sprintf("%s goes away, and nothing blocks public access any more", [plan.name(change)]), "at": stack.path, "hint": "keep it as long as its bucket"}
}

buckets_go_too(stack) if {
	some change in stack.changes
	change.op == "delete"
	change.type in {"aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2"}
}

deny contains finding if {
	some stack in input.stacks
	some change in stack.changes
	plan.changing(change)
	change.facts.acl in {"public-read", "public-read-write", "authenticated-read", "blob", "container"}
	finding := {"msg": sprintf("%s has the access rule %s", [plan.name(change), change.facts.acl]), "at": stack.path, "hint": "make it private"}
}

deny contains finding if {
	some stack in input.stacks
	some change in stack.changes
	plan.changing(change)
	some rule in change.facts.ingress
	internet(rule.cidr)
	not only_open_port(rule)
	finding := {
		"msg": sprintf("%s lets %s in on %s", [plan.name(change), rule.cidr, ports(rule)]),
		"at": stack.path,
		"hint": "name the networks that need it; the whole internet may reach only the ports of limits.open_ports",
	}
}

deny contains finding if {
	some stack in input.stacks
	some change in stack.changes
	plan.changing(change)
	regex.match(firewalls, change.type)
	not who_may_come_in(change)
	finding := {
		"msg": sprintf("%s does not say who may come in", [plan.name(change)]),
		"at": stack.path,
		"enforcement": "soft",
		"hint": "say it in the program of the stack, with addresses that are known when planning",
	}
}

who_may_come_in(change) if {
	every rule in change.facts.ingress {
		rule.cidr != "(unknown)"
	}
}

# Half of the internet is the internet: everything larger than 10.0.0.0/8, or than a provider's own IPv6 range.
internet(cidr) if {
	contains(cidr, ".")
	to_number(split(cidr, "/")[1]) < 8
}

internet(cidr) if {
	contains(cidr, ":")
	not regex.match(`^(?i)f[cd]`, cidr)
	to_number(split(cidr, "/")[1]) < 20
}

only_open_port(rule) if {
	rule.fromPort == rule.toPort
	rule.fromPort in limits.open_ports
}

ports(rule) := sprintf("port %d", [rule.fromPort]) if rule.fromPort == rule.toPort

ports(rule) := sprintf("ports %d to %d", [rule.fromPort, rule.toPort]) if rule.fromPort != rule.toPort
