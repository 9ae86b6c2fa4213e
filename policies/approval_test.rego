package slipway.approval_test

import data.slipway.approval

limits := {"approvals": 2}

gate := {"path": "c/@approval", "required": 2}

plan(phase, steps) := {
	"phases": [object.union({"id": "c", "index": 0, "type": "cutover", "production": true, "mutates": true, "steps": ["c/ask", "c/w"], "waves": [["c/ask"], ["c/w"]]}, phase)],
	"steps": array.concat([{"path": "c/w", "phase": "c", "role": "step", "uses": "traffic.setWeight", "mutates": true, "production": true, "with": {}}], steps),
}

ask(more) := object.union({"path": "c/ask", "phase": "c", "role": "step", "uses": "approval", "mutates": false, "production": true, "onFailure": "fail", "rescues": 0, "with": {}}, more)

test_two if count(approval.deny) == 0 with input as plan({"approval": gate}, []) with data.slipway.limits as limits

test_none if count(approval.deny) == 1 with input as plan({}, []) with data.slipway.limits as limits

test_one if count(approval.deny) == 1 with input as plan({"approval": {"path": "c/@approval", "required": 1}}, []) with data.slipway.limits as limits

test_staging_needs_none if {
	staging := json.patch(plan({"production": false}, []), [{"op": "replace", "path": "/steps/0/production", "value": false}])
	count(approval.deny) == 0 with input as staging with data.slipway.limits as limits
}

test_traffic_in_a_custom_phase_needs_it_too if count(approval.deny) == 1 with input as plan({"type": "custom"}, []) with data.slipway.limits as limits

test_own if {
	own := ask({"path": "c/@approval", "with": {"preventSelfApproval": false}})
	some finding in approval.deny with input as plan({"approval": gate}, [own]) with data.slipway.limits as limits
	contains(finding.msg, "their own change")
}

test_a_step_that_asks_first if count(approval.deny) == 0 with input as plan({"approval": {"path": "c/ask", "required": 2}}, [ask({})]) with data.slipway.limits as limits

test_a_step_that_asks_late if {
	late := plan({"approval": {"path": "c/ask", "required": 2}, "waves": [["c/w"], ["c/ask"]]}, [ask({})])
	some finding in approval.deny with input as late with data.slipway.limits as limits
	finding.msg == "phase c changes something before c/ask is asked"
}

test_asked_only_sometimes if {
	some finding in approval.deny with input as plan({"approval": {"path": "c/ask", "required": 2}}, [ask({"if": "inputs.careful"})]) with data.slipway.limits as limits
	contains(finding.msg, "under a condition")
}

test_decommission_alone if {
	alone := {"phases": [{"id": "d", "index": 0, "type": "decommission", "production": true, "mutates": true}], "steps": []}
	count(approval.deny) == 1 with input as alone with data.slipway.limits as limits
}

test_a_destroy_alone if {
	alone := {
		"phases": [{"id": "p", "index": 0, "type": "provision", "production": true, "mutates": true}],
		"steps": [{"path": "p/d", "phase": "p", "role": "step", "uses": "pulumi.destroy", "mutates": true}],
	}
	some finding in approval.deny with input as alone with data.slipway.limits as limits
	startswith(finding.msg, "phase p takes production apart")
}

test_decommission_after_approved_cutover if {
	good := plan({"approval": gate}, [])
	both := object.union(good, {"phases": [good.phases[0], {"id": "d", "index": 1, "type": "decommission", "production": true, "mutates": true}]})
	count(approval.deny) == 0 with input as both with data.slipway.limits as limits
}

test_an_approval_in_staging_does_not_count if {
	both := {
		"phases": [
			{"id": "s", "index": 0, "type": "custom", "production": false, "mutates": true, "steps": [], "waves": [], "approval": {"path": "s/@approval", "required": 2}},
			{"id": "d", "index": 1, "type": "decommission", "production": true, "mutates": true},
		],
		"steps": [],
	}
	count(approval.deny) == 1 with input as both with data.slipway.limits as limits
}

test_asked_in_a_loop if {
	some finding in approval.deny with input as plan({"approval": {"path": "c/ask", "required": 2}}, [ask({"foreach": []})]) with data.slipway.limits as limits
	contains(finding.msg, "under a condition")
}

test_a_rejection_ends_the_run if every tolerance in [{"onFailure": "continue"}, {"onFailure": "pause"}, {"rescues": 1}] {
	found := approval.deny with input as plan({"approval": {"path": "c/ask", "required": 2}}, [ask(tolerance)]) with data.slipway.limits as limits
	{finding.msg | some finding in found} == {"phase c may go on although c/ask was rejected"}
}

test_a_rejection_may_roll_back if count(approval.deny) == 0 with input as plan({"approval": {"path": "c/ask", "required": 2}}, [ask({"onFailure": "rollback"})]) with data.slipway.limits as limits

retired(earlier) := {
	"phases": [
		object.union({"id": "c", "index": 0, "type": "custom", "production": true, "mutates": false, "steps": [], "waves": [], "approval": gate}, earlier),
		{"id": "d", "index": 1, "type": "decommission", "production": true, "mutates": true},
	],
	"steps": [ask({"path": "c/@approval"})],
}

test_an_approval_before_counts if count(approval.deny) == 0 with input as retired({}) with data.slipway.limits as limits

test_an_approval_of_a_phase_that_may_be_skipped_does_not if {
	some finding in approval.deny with input as retired({"if": "${{ inputs.careful }}"}) with data.slipway.limits as limits
	finding.at == "d"
}

test_an_approval_that_binds_nobody_does_not if {
	plan_of_two := object.union(retired({}), {"steps": [ask({"path": "c/@approval", "onFailure": "continue"})]})
	some finding in approval.deny with input as plan_of_two with data.slipway.limits as limits
	finding.at == "d"
}
