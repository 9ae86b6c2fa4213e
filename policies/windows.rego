# METADATA
# title: Change windows
# description: Production traffic moves only inside a change window.
package slipway.windows

deny contains finding if {
	some phase in input.phases
	phase.production
	phase.type == "cutover"
	not phase.window
	finding := {"msg": sprintf("phase %s moves production traffic and has no change window", [phase.id]), "at": phase.id, "hint": "add \"window: {allow: <calendar>}\""}
}

deny contains finding if {
	some phase in input.phases
	phase.window.openings == 0
	finding := {"msg": sprintf("the window of phase %s never opens", [phase.id]), "at": phase.id, "hint": "look at its calendar"}
}

warn contains finding if {
	some phase in input.phases
	phase.window.openings > 0
	not phase.window.openNow
	finding := {"msg": sprintf("phase %s waits for its window, which opens %s", [phase.id, phase.window.next.from]), "at": phase.id}
}
