# METADATA
# title: Approval for production
# description: Somebody other than the author agrees before production traffic moves or production is taken apart.
package slipway.approval

import data.slipway.limits

deny contains finding if {
	some phase in input.phases
	phase.production
	phase.type == "cutover"
	not approved(phase)
	finding := {
		"msg": sprintf("phase %s moves production traffic without the approval of %d people", [phase.id, limits.approvals]),
		"at": phase.id,
		"hint": sprintf("add \"approval: {approvers: [team:…], required: %d}\" to the phase or its environment", [limits.approvals]),
	}
}

deny contains finding if {
	some phase in input.phases
	phase.production
	phase.mutates
	phase.type == "decommission"
	not approved_since_start(phase)
	finding := {"msg": sprintf("phase %s takes production apart and nobody approves it", [phase.id]), "at": phase.id, "hint": "add an approval to it or to a phase before"}
}

deny contains finding if {
	some phase in input.phases
	phase.production
	phase.approval
	not phase.approval.preventSelfApproval
	finding := {"msg": sprintf("phase %s lets people approve their own change", [phase.id]), "at": phase.id, "hint": "set preventSelfApproval: true"}
}

approved(phase) if phase.approval.required >= limits.approvals

approved_since_start(phase) if {
	some earlier in input.phases
	earlier.index <= phase.index
	approved(earlier)
}
