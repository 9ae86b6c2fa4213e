# METADATA
# title: A way back
# description: Whatever a phase changes can be undone, is the point of no return, or comes after it; and moved traffic is watched.
package slipway.rollback

import data.slipway.plan

deny contains finding if {
	some step in input.steps
	step.role in {"step", "case"}
	step.mutates
	step.phaseType in {"provision", "dualRun", "cutover", "decommission", "custom"}
	count(step.compensations) == 0
	not step.pointOfNoReturn
	not after_point(step)
	finding := {
		"msg": sprintf("%s changes something and nothing would undo it", [step.path]),
		"at": step.path,
		"hint": "add \"compensate:\", or make it the pointOfNoReturn of its phase",
	}
}

# A rollback is refused once this step has run, so what can only run later needs no way back.
after_point(step) if {
	some own in input.phases
	own.id == step.phase
	some earlier in input.phases
	earlier.pointOfNoReturn
	earlier.index < own.index
}

after_point(step) if {
	some phase in input.phases
	phase.id == step.phase
	plan.wave(phase, phase.pointOfNoReturn) < plan.wave(phase, step.path)
}

deny contains finding if {
	some phase in input.phases
	plan.touches_traffic(phase)
	some trigger in ["stepFailed", "healthFailed"]
	not trigger in input.rollback.on
	finding := {"msg": sprintf("phase %s moves production traffic, and %s triggers no rollback", [phase.id, trigger]), "at": phase.id, "hint": sprintf("add %s to rollback.on", [trigger])}
}

deny contains finding if {
	some phase in input.phases
	plan.touches_traffic(phase)
	count(phase.watches) == 0
	finding := {
		"msg": sprintf("phase %s moves production traffic and nobody watches it", [phase.id]),
		"at": phase.id,
		"hint": "add \"watch:\" with a health check, so that a breach flips traffic back",
	}
}
