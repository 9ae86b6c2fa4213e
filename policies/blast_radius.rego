# METADATA
# title: Blast radius
# description: One run touches only so many hosts, stacks and data stores; more needs an override.
package slipway.blast_radius

import data.slipway.limits

is_production if {
	some phase in input.phases
	phase.production
}

limit := limits.blast_radius.production if is_production

limit := limits.blast_radius.other if not is_production

deny contains finding if {
	some what in ["hosts", "stacks"]
	input.blastRadius[what] > limit[what]
	finding := {
		"msg": sprintf("the run touches %d %s, and may touch %d", [input.blastRadius[what], what, limit[what]]),
		"enforcement": "soft",
		"hint": "split it into waves, or ask the owner",
	}
}

deny contains finding if {
	removed := input.blastRadius.resources.delete + input.blastRadius.resources.replace
	removed > limit.delete
	finding := {
		"msg": sprintf("the run deletes or replaces %d resources, and may %d", [removed, limit.delete]),
		"enforcement": "soft",
		"hint": "look at the preview; split it into waves",
	}
}

deny contains finding if {
	lost := {change.urn | some stack in input.stacks; some change in stack.changes; change.op in {"delete", "replace"}; change.facts.dataStore}
	count(lost) > limit.data_stores
	finding := {
		"msg": sprintf("the run deletes or replaces %d data stores, and may %d", [count(lost), limit.data_stores]),
		"hint": "keep them; to lose data on purpose, raise blast_radius.….data_stores in policies/data.yaml for the time being",
	}
}
