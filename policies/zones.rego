# METADATA
# title: Deployment zones
# description: Stacks and hosts stay in the zones and regions their environment allows.
package slipway.zones

import data.slipway.plan

deny contains finding if {
	some stack in input.stacks
	environment := input.environments[stack.environment]
	some region in {change.facts.region | some change in stack.changes; plan.changing(change)}
	not region in allowed_regions(environment)
	names := [plan.name(change) | some change in stack.changes; plan.changing(change); change.facts.region == region]
	finding := {
		"msg": sprintf("stack %s has resources in region %s, which environment %s does not allow: %s", [stack.stack, region, stack.environment, plan.few(names)]),
		"at": stack.path,
		"hint": sprintf("use one of %s, or add the region to the environment", [concat(", ", sort(allowed_regions(environment)))]),
	}
}

deny contains finding if {
	some step in input.steps
	step.mutates
	some name in step.hosts.names
	some host in input.hosts
	host.name == name
	host.zone
	environment := input.environments[step.environment]
	zones := {zone.name | some zone in environment.zones}
	count(zones) > 0
	not host.zone in zones
	finding := {
		"msg": sprintf("host %s is in zone %s, which environment %s does not allow", [name, host.zone, step.environment]),
		"at": step.path,
		"hint": "choose other hosts, or add the zone to the environment",
	}
}

# Azure writes West Europe and westeurope.
allowed_regions(environment) := {region | some zone in environment.zones; some written in zone.regions; region := replace(lower(written), " ", "")}

warn contains finding if {
	some host in input.hosts
	not host.zone
	finding := {"msg": sprintf("host %s is in no zone, so nobody checks where it stands", [host.name]), "at": host.name, "hint": "add \"zone\" to it in the inventory"}
}
