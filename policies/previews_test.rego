package slipway.previews_test

import data.slipway.previews

step := {"path": "p/s", "role": "step", "uses": "pulumi.up", "compensations": [{"uses": "pulumi.destroy"}]}

stack(more) := object.union({"path": "p/s", "stack": "a/prod", "operation": "up", "production": true, "changes": [{"op": "create", "type": "t"}]}, more)

test_previewed if count(previews.deny) == 0 with input as {"steps": [step], "stacks": [stack({})]}

test_previewed_item_by_item if count(previews.deny) == 0 with input as {"steps": [step], "stacks": [stack({"path": "p/s[0]"}), stack({"path": "p/s[1]"})]}

test_not_previewed_is_soft if {
	some finding in previews.deny with input as {"steps": [step], "stacks": [stack({"path": "p/s2"})]}
	finding.enforcement == "soft"
}

test_a_compensation_needs_none if count(previews.deny) == 0 with input as {"steps": [object.union(step, {"role": "compensate"})], "stacks": []}

test_what_was_there_before_would_go if {
	before := stack({"changes": [{"op": "same", "type": "aws:s3/bucket:Bucket"}]})
	some finding in previews.deny with input as {"steps": [step], "stacks": [before]}
	contains(finding.msg, "exists already")
}

test_elsewhere_it_warns if {
	before := stack({"production": false, "changes": [{"op": "update", "type": "aws:s3/bucket:Bucket"}]})
	count(previews.deny) == 0 with input as {"steps": [step], "stacks": [before]}
	count(previews.warn) == 1 with input as {"steps": [step], "stacks": [before]}
}

test_an_empty_stack_is_nothing if {
	empty := stack({"changes": [{"op": "same", "type": "pulumi:pulumi:Stack"}, {"op": "same", "type": "pulumi:providers:aws"}]})
	count(previews.deny) == 0 with input as {"steps": [step], "stacks": [empty]}
}
