package slipway.ownership_test

import data.slipway.ownership

limits := {"required_tags": ["owner", "costCenter"]}

plan(tags) := {
	"runbook": {"name": "r", "owner": "team-a"},
	"stacks": [{"path": "p/s", "stack": "a/prod", "changes": [{"op": "create", "type": "t", "name": "n", "facts": {"taggable": true, "tags": tags}}]}],
}

test_tagged if count(ownership.deny) == 0 with input as plan({"owner": "a", "costCenter": "1"}) with data.slipway.limits as limits

test_untagged if {
	some finding in ownership.deny with input as plan({"owner": "a"}) with data.slipway.limits as limits
	contains(finding.msg, "costCenter")
}

test_no_tags_at_all if {
	bare := json.remove(plan({}), ["/stacks/0/changes/0/facts/tags"])
	count(ownership.deny) == 2 with input as bare with data.slipway.limits as limits
}

test_no_owner if {
	some finding in ownership.deny with input as {"runbook": {"name": "r"}, "stacks": []} with data.slipway.limits as limits
	finding.msg == "the runbook has no owner"
}

test_production_has_a_tier if {
	some finding in ownership.deny with input as {"runbook": {"name": "r", "owner": "o"}, "stacks": [], "phases": [{"id": "p", "production": true, "mutates": true}]} with data.slipway.limits as limits
	contains(finding.msg, "no tier")
}

test_imports_carry_tags_too if {
	imported := json.patch(plan({}), [{"op": "replace", "path": "/stacks/0/changes/0/op", "value": "import"}])
	count(ownership.deny) == 2 with input as imported with data.slipway.limits as limits
}
