# METADATA
# title: Owners and tags
# description: Every runbook has an owner, every taggable resource carries the required tags.
package slipway.ownership

import data.slipway.limits

deny contains {"msg": "the runbook has no owner", "hint": "add metadata.owner with the team that answers for it"} if not input.runbook.owner

deny contains finding if {
	some stack in input.stacks
	some change in stack.changes
	change.op in {"create", "update", "replace"}
	change.facts.taggable
	missing := [tag | some tag in limits.required_tags; object.get(change.facts, ["tags", tag], "") == ""]
	count(missing) > 0
	finding := {
		"msg": sprintf("%s %s lacks the tags %s", [change.type, change.name, concat(", ", missing)]),
		"at": stack.path,
		"hint": "set them in the config of the stack",
	}
}
