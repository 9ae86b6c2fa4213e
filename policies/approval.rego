# METADATA
# title: Approval for production
# description: Somebody other than the author agrees before production traffic moves or production is taken apart.
package slipway.approval

import data.slipway.limits
import data.slipway.plan

deny contains finding if {
	some phase in input.phases
	plan.moves_traffic(phase)
	not enough(phase)
	finding := {
		"msg": sprintf("phase %s moves production traffic without the approval of %d people", [phase.id, limits.approvals]),
		"at": phase.id,
		"hint": sprintf("add \"approval: {approvers: [team:…], required: %d}\" to the phase or its environment", [limits.approvals]),
	}
}

deny contains finding if {
	some phase in input.phases
	plan.takes_apart(phase)
	not approved_since_start(phase)
	finding := {
		"msg": sprintf("phase %s takes production apart without the approval of %d people", [phase.id, limits.approvals]),
		"at": phase.id,
		"hint": sprintf("add \"approval: {approvers: [team:…], required: %d}\" to it, or to a production phase before it", [limits.approvals]),
	}
}

deny contains finding if {
	some step in input.steps
	step.uses == "approval"
	step.production
	object.get(step["with"], "preventSelfApproval", true) != true
	finding := {"msg": sprintf("%s lets people approve their own change", [step.path]), "at": step.path, "hint": "set preventSelfApproval: true, or leave it out"}
}

deny contains finding if {
	some phase in input.phases
	needs_approval(phase)
	enough(phase)
	late(phase)
	finding := {"msg": sprintf("phase %s changes something before %s is asked", [phase.id, phase.approval.path]), "at": phase.id, "hint": "use \"approval:\" of the phase, which is asked before its first step"}
}

deny contains finding if {
	some phase in input.phases
	needs_approval(phase)
	conditional(phase)
	finding := {"msg": sprintf("%s is asked only under a condition", [phase.approval.path]), "at": phase.id, "hint": "remove its \"if\": production always needs the approval"}
}

# A gate whose "no" is tolerated, rescued, or may be settled by one person is no gate.
deny contains finding if {
	some phase in input.phases
	needs_approval(phase)
	weak(phase)
	finding := {
		"msg": sprintf("phase %s may go on although %s was rejected", [phase.id, phase.approval.path]),
		"at": phase.id,
		"hint": "a rejected approval must end the run: set onFailure fail or rollback for it, and no rescue",
	}
}

needs_approval(phase) if plan.moves_traffic(phase)

needs_approval(phase) if plan.takes_apart(phase)

enough(phase) if phase.approval.required >= limits.approvals

approved(phase) if {
	enough(phase)
	not late(phase)
	not conditional(phase)
	not weak(phase)
}

approved_since_start(phase) if approved(phase)

# A phase that may be skipped asks nobody then.
approved_since_start(phase) if {
	some earlier in input.phases
	earlier.index < phase.index
	earlier.production
	not earlier["if"]
	approved(earlier)
}

# The gate of the phase, "@approval", comes first by itself; an approval that is one of the steps may come too late.
late(phase) if {
	phase.approval.path in phase.steps
	some step in input.steps
	step.phase == phase.id
	step.mutates
	plan.forward(step)
	plan.wave(phase, step.path) <= plan.wave(phase, phase.approval.path)
}

conditional(phase) if {
	some step in input.steps
	step.path == phase.approval.path
	step["if"]
}

# A loop over nothing asks nobody.
conditional(phase) if {
	some step in input.steps
	step.path == phase.approval.path
	step.foreach
}

weak(phase) if {
	some step in input.steps
	step.path == phase.approval.path
	not object.get(step, "onFailure", "unknown") in {"fail", "rollback"}
}

weak(phase) if {
	some step in input.steps
	step.path == phase.approval.path
	step.rescues > 0
}
