# METADATA
# title: Change windows
# description: Production traffic moves only inside a change window.
package slipway.windows

import data.slipway.plan

deny contains finding if {
	some phase in input.phases
	plan.moves_traffic(phase)
	not phase.window
	finding := {"msg": sprintf("phase %s moves production traffic and has no change window", [phase.id]), "at": phase.id, "hint": "add \"window: {allow: <calendar>}\""}
}

deny contains finding if {
	some phase in input.phases
	phase.window.openings == 0
	finding := {"msg": sprintf("the window of phase %s never opens in the next 400 days", [phase.id]), "at": phase.id, "hint": "look at its calendar: does one entry deny all that another allows?"}
}

warn contains finding if {
	some phase in input.phases
	phase.window.openings > 0
	not phase.window.openNow
	finding := {"msg": sprintf("phase %s waits for its window, which opens %s", [phase.id, phase.window.next.from]), "at": phase.id}
}
