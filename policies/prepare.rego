# METADATA
# title: Prepare only looks
# description: Phases of type prepare change nothing, so that they may run for a pull request.
package slipway.prepare

deny contains finding if {
	some step in input.steps
	step.phaseType == "prepare"
	step.mutates
	finding := {"msg": sprintf("%s changes something in a phase that only looks", [step.path]), "at": step.path, "hint": "move it to a provision phase"}
}
