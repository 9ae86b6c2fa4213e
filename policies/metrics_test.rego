package slipway.metrics_test

import data.slipway.metrics

watching(type, settings) := {
	"phases": [{"id": "c", "type": type, "production": true, "watches": [{"path": "c/watch/orders", "uses": "check.metric", "with": settings}]}],
	"steps": [],
}

test_a_gap_is_a_failure if count(metrics.deny) == 0 with input as watching("cutover", {})

test_said_so if count(metrics.deny) == 0 with input as watching("cutover", {"noData": "fail"})

test_blind if every value in ["ignore", "${{ inputs.noData }}"] {
	count(metrics.deny) == 1 with input as watching("cutover", {"noData": value})
}

test_an_owner_may_let_it_be if {
	some finding in metrics.deny with input as watching("cutover", {"noData": "ignore"})
	finding.enforcement == "soft"
}

test_elsewhere_it_may if count(metrics.deny) == 0 with input as watching("dualRun", {"noData": "ignore"})

test_other_checks_have_none if count(metrics.deny) == 0 with input as {
	"phases": [{"id": "c", "type": "cutover", "production": true, "watches": [{"path": "c/watch/w", "uses": "check.http", "with": {"noData": "ignore"}}]}],
	"steps": [],
}

test_a_step_is_warned_of if {
	step := {"path": "p/s", "uses": "check.metric", "production": true, "with": {"noData": "ignore"}}
	count(metrics.warn) == 1 with input as {"phases": [], "steps": [step]}
	count(metrics.warn) == 0 with input as {"phases": [], "steps": [object.remove(step, ["with"])]}
	count(metrics.warn) == 0 with input as {"phases": [], "steps": [object.union(step, {"with": {"noData": "fail"}})]}
}
