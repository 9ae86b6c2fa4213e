package slipway.approval_test

import data.slipway.approval

limits := {"approvals": 2}

plan(phase) := {"phases": [object.union({"id": "c", "index": 0, "type": "cutover", "production": true, "mutates": true}, phase)]}

good := {"approval": {"required": 2, "preventSelfApproval": true}}

test_two if count(approval.deny) == 0 with input as plan(good) with data.slipway.limits as limits

test_none if count(approval.deny) == 1 with input as plan({}) with data.slipway.limits as limits

test_one if count(approval.deny) == 1 with input as plan({"approval": {"required": 1, "preventSelfApproval": true}}) with data.slipway.limits as limits

test_own if count(approval.deny) == 1 with input as plan({"approval": {"required": 2, "preventSelfApproval": false}}) with data.slipway.limits as limits

test_decommission_alone if count(approval.deny) == 1 with input as plan({"type": "decommission"}) with data.slipway.limits as limits

test_decommission_after_approved_cutover if {
	both := {"phases": [plan(good).phases[0], {"id": "d", "index": 1, "type": "decommission", "production": true, "mutates": true}]}
	count(approval.deny) == 0 with input as both with data.slipway.limits as limits
}
