# METADATA
# title: A way back
# description: What changes in provision, cutover and decommission phases can be undone, or is the point of no return.
package slipway.rollback

deny contains finding if {
	some step in input.steps
	step.role in {"step", "case"}
	step.mutates
	step.phaseType in {"provision", "cutover", "decommission"}
	count(step.compensations) == 0
	not step.pointOfNoReturn
	finding := {
		"msg": sprintf("%s changes something and nothing would undo it", [step.path]),
		"at": step.path,
		"hint": "add \"compensate:\", or make it the pointOfNoReturn of its phase",
	}
}

deny contains finding if {
	some phase in input.phases
	phase.type == "cutover"
	count(input.rollback.on) == 0
	finding := {"msg": "traffic moves and nothing triggers a rollback", "at": phase.id, "hint": "list triggers in rollback.on"}
}
