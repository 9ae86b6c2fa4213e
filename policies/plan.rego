# METADATA
# title: Words about plans
# description: What several policies say about a plan, said once. It has no rules that deny.
package slipway.plan

import data.slipway.limits

# What runs when all goes well or badly, but not in a rollback.
forward(step) if step.role in {"step", "case", "rescue", "finally"}

# Phases that move production traffic, whatever type they say they are.
moves_traffic(phase) if {
	phase.production
	phase.type == "cutover"
}

moves_traffic(phase) if {
	phase.production
	some step in traffic_steps(phase)
	not is_trial(step)
}

# Also those that only try a little of it.
touches_traffic(phase) if moves_traffic(phase)

touches_traffic(phase) if {
	phase.production
	count(traffic_steps(phase)) > 0
}

traffic_steps(phase) := [step |
	some step in input.steps
	step.phase == phase.id
	forward(step)
	step.uses in {"traffic.setWeight", "traffic.setStackWeight"}
]

# A weight that only the run knows is no trial.
is_trial(step) if {
	is_number(step["with"].weight)
	step["with"].weight <= limits.trial_share
}

# Phases that take production apart.
takes_apart(phase) if {
	phase.production
	phase.type == "decommission"
	phase.mutates
}

takes_apart(phase) if {
	phase.production
	some step in input.steps
	step.phase == phase.id
	forward(step)
	step.uses == "pulumi.destroy"
}

changing(change) if change.op in {"create", "update", "replace", "import"}

# Position of a top-level step's wave in its phase, or of the step that a nested one belongs to.
wave(phase, path) := index if {
	some index, paths in phase.waves
	some top in paths
	within(path, top)
}

within(path, top) if path == top

within(path, top) if startswith(path, concat("", [top, "/"]))

name(change) := sprintf("%s %s", [split(change.type, ":")[count(split(change.type, ":")) - 1], change.name])

# The first three names and how many more.
few(names) := concat(", ", names) if count(names) <= 3

few(names) := sprintf("%s and %d more", [concat(", ", array.slice(names, 0, 3)), count(names) - 3]) if count(names) > 3
