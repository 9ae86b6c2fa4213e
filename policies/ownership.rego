# METADATA
# title: Owners and tags
# description: Every runbook has an owner, and a tier when it changes production; every taggable resource carries the required tags.
package slipway.ownership

import data.slipway.limits
import data.slipway.plan

deny contains {"msg": "the runbook has no owner", "hint": "add metadata.owner with the team that answers for it"} if not input.runbook.owner

deny contains finding if {
	some stack in input.stacks
	some tag in limits.required_tags
	names := [plan.name(change) |
		some change in stack.changes
		plan.changing(change)
		change.facts.taggable
		object.get(change.facts, ["tags", tag], "") == ""
	]
	count(names) > 0
	finding := {
		"msg": sprintf("stack %s has resources without the tag %s: %s", [stack.stack, tag, plan.few(names)]),
		"at": stack.path,
		"hint": "set it for the whole stack, in its config or the default tags of the provider",
	}
}

deny contains finding if {
	some phase in input.phases
	phase.production
	phase.mutates
	not input.runbook.tier
	finding := {"msg": "the runbook changes production and has no tier", "hint": "add metadata.tier: 1 is the most critical"}
}
