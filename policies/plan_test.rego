package slipway.plan_test

import data.slipway.plan

phase := {"id": "p", "production": true, "type": "custom", "mutates": true, "waves": [["p/a"], ["p/b", "p/c"]]}

step(uses, role) := weighing(uses, role, 50)

weighing(uses, role, weight) := {"steps": [{"path": "p/a", "phase": "p", "role": role, "uses": uses, "with": {"weight": weight}}]}

test_traffic_by_type if plan.moves_traffic(object.union(phase, {"type": "cutover"})) with input as {"steps": []}

test_traffic_by_step if plan.moves_traffic(phase) with input as step("traffic.setStackWeight", "case")

test_not_by_its_undo if not plan.moves_traffic(phase) with input as step("traffic.setWeight", "compensate")

test_a_mirror_serves_nobody if not plan.moves_traffic(phase) with input as step("traffic.setMirror", "step")

test_takes_apart if plan.takes_apart(phase) with input as step("pulumi.destroy", "finally")

test_a_compensation_takes_nothing_apart if not plan.takes_apart(phase) with input as step("pulumi.destroy", "compensate")

test_few if {
	plan.few(["a", "b", "c"]) == "a, b, c"
	plan.few(["a", "b", "c", "d", "e"]) == "a, b, c and 2 more"
}

test_name if plan.name({"type": "aws:s3/bucket:Bucket", "name": "data"}) == "Bucket data"

test_wave if plan.wave(phase, "p/c") == 1

test_wave_of_a_nested_step if plan.wave(phase, "p/a/case/x/0") == 0

test_a_trial if {
	not plan.moves_traffic(phase) with input as weighing("traffic.setWeight", "step", 5) with data.slipway.limits as {"trial_share": 5}
	plan.touches_traffic(phase) with input as weighing("traffic.setWeight", "step", 5) with data.slipway.limits as {"trial_share": 5}
}

test_no_trial if every weight in [6, 100, "${{ steps.x.outputs.weight }}"] {
	plan.moves_traffic(phase) with input as weighing("traffic.setWeight", "step", weight) with data.slipway.limits as {"trial_share": 5}
}
