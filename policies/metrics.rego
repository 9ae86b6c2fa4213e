# METADATA
# title: What cannot be measured is not healthy
# description: A watch over production traffic that passes when its numbers are missing guards nothing at the worst moment.
package slipway.metrics

import data.slipway.plan

deny contains finding if {
	some phase in input.phases
	plan.touches_traffic(phase)
	some watch in phase.watches
	watch.uses == "check.metric"
	is_blind(watch)
	finding := {
		"msg": sprintf("%s watches production traffic and passes when there is no data", [watch.path]),
		"at": watch.path,
		"hint": "remove \"noData: ignore\"; a gap then counts as a failure, and failureLimit says how many are tolerated",
		"enforcement": "soft",
	}
}

# A value that only the run knows may be ignore.
is_blind(watch) if not object.get(watch["with"], "noData", "fail") == "fail"

warn contains finding if {
	some step in input.steps
	step.uses == "check.metric"
	step.production
	is_blind(step)
	finding := {"msg": sprintf("%s passes when there is no data", [step.path]), "at": step.path}
}
