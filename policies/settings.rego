# METADATA
# title: Limits are there
# description: Without its limits a rule would be silent instead of strict, so a missing or misspelt one denies everything.
package slipway.settings

import data.slipway.limits

wanted := {
	"required_tags": "array",
	"open_ports": "array",
	"approvals": "number",
	"trial_share": "number",
	"blast_radius.production.hosts": "number",
	"blast_radius.production.stacks": "number",
	"blast_radius.production.delete": "number",
	"blast_radius.production.data_stores": "number",
	"blast_radius.other.hosts": "number",
	"blast_radius.other.stacks": "number",
	"blast_radius.other.delete": "number",
	"blast_radius.other.data_stores": "number",
	"margins.1.latency": "object",
	"margins.1.rate": "number",
	"margins.1.mismatch": "number",
	"margins.1.numeric": "number",
	"margins.1.ratio": "number",
	"margins.1.throughput": "number",
	"margins.2.latency": "object",
	"margins.2.rate": "number",
	"margins.2.mismatch": "number",
	"margins.2.numeric": "number",
	"margins.2.ratio": "number",
	"margins.2.throughput": "number",
}

deny contains finding if {
	some name, type in wanted
	not is_given(name, type)
	finding := {
		"msg": sprintf("limit %s of the policies is missing or no %s", [name, type]),
		"hint": "set it under slipway.limits in policies/data.yaml; docs/policies.md explains each",
	}
}

is_given(name, type) if type_name(object.get(limits, split(name, "."), null)) == type

# A plan of another version means other things by the same words.
deny contains finding if {
	object.get(input, "version", null) != 1
	finding := {"msg": "the plan is not of version 1, which these policies understand", "hint": "use the policies that belong to this version of Slipway"}
}
