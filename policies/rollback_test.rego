package slipway.rollback_test

import data.slipway.rollback

plan(step) := {
	"rollback": {"on": ["manual"]},
	"phases": [{"id": "p", "type": "provision"}],
	"steps": [object.union({"path": "p/s", "role": "step", "mutates": true, "phaseType": "provision", "compensations": [], "pointOfNoReturn": false}, step)],
}

test_undone if count(rollback.deny) == 0 with input as plan({"compensations": [{"path": "p/s/compensate/0"}]})

test_not_undone if count(rollback.deny) == 1 with input as plan({})

test_point_of_no_return if count(rollback.deny) == 0 with input as plan({"pointOfNoReturn": true})

test_looking_needs_none if count(rollback.deny) == 0 with input as plan({"mutates": false})

test_cutover_without_triggers if {
	count(rollback.deny) == 1 with input as {"rollback": {"on": []}, "phases": [{"id": "c", "type": "cutover"}], "steps": []}
}
