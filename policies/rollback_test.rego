package slipway.rollback_test

import data.slipway.rollback

all_triggers := {"on": ["stepFailed", "healthFailed", "manual"]}

plan(step) := {
	"rollback": all_triggers,
	"phases": [{"id": "p", "type": "provision", "index": 0, "production": true}],
	"steps": [object.union({"path": "p/s", "phase": "p", "role": "step", "uses": "ssh.run", "mutates": true, "phaseType": "provision", "compensations": [], "pointOfNoReturn": false}, step)],
}

test_undone if count(rollback.deny) == 0 with input as plan({"compensations": [{"path": "p/s/compensate/0"}]})

test_not_undone if every type in ["provision", "dualRun", "cutover", "decommission", "custom"] {
	count(rollback.deny) == 1 with input as plan({"phaseType": type})
}

test_point_of_no_return if count(rollback.deny) == 0 with input as plan({"pointOfNoReturn": true})

test_looking_needs_none if count(rollback.deny) == 0 with input as plan({"mutates": false})

retire(waves) := {
	"rollback": all_triggers,
	"phases": [{"id": "p", "type": "decommission", "index": 0, "production": true, "pointOfNoReturn": "p/point", "waves": waves}],
	"steps": [
		{"path": "p/point", "phase": "p", "role": "step", "uses": "ssh.run", "mutates": true, "phaseType": "decommission", "compensations": [], "pointOfNoReturn": true},
		{"path": "p/s", "phase": "p", "role": "step", "uses": "ssh.run", "mutates": true, "phaseType": "decommission", "compensations": [], "pointOfNoReturn": false},
	],
}

test_after_the_point if count(rollback.deny) == 0 with input as retire([["p/point"], ["p/s"]])

test_beside_the_point if count(rollback.deny) == 1 with input as retire([["p/point", "p/s"]])

test_a_phase_after_the_point if {
	two := [
		{"id": "first", "type": "decommission", "index": 0, "production": true, "pointOfNoReturn": "first/x"},
		{"id": "p", "type": "decommission", "index": 1, "production": true},
	]
	count(rollback.deny) == 0 with input as object.union(plan({"phaseType": "decommission"}), {"phases": two})
}

cutover(triggers, watches) := {
	"rollback": {"on": triggers},
	"phases": [{"id": "c", "type": "cutover", "index": 0, "production": true, "watches": watches}],
	"steps": [],
}

test_cutover if count(rollback.deny) == 0 with input as cutover(["stepFailed", "healthFailed"], [{"path": "c/watch/w"}])

test_cutover_without_triggers if count(rollback.deny) == 2 with input as cutover(["manual"], [{"path": "c/watch/w"}])

test_cutover_that_nobody_watches if count(rollback.deny) == 1 with input as cutover(["stepFailed", "healthFailed"], [])
