# METADATA
# title: Measured before moved
# description: A service of tier 1 is dual-run, with critical metrics and bounded margins, before production traffic moves.
package slipway.dualrun

import data.slipway.limits

deny contains finding if {
	input.runbook.tier == 1
	some phase in input.phases
	phase.production
	phase.type == "cutover"
	not measured_before(phase)
	finding := {
		"msg": sprintf("phase %s moves traffic of a tier 1 service that no dual run has measured", [phase.id]),
		"at": phase.id,
		"hint": "add a dualRun phase with an analysis that has critical metrics before it",
	}
}

measured_before(cutover) if {
	some phase in input.phases
	phase.type == "dualRun"
	phase.index < cutover.index
	some metric in phase.analysis.metrics
	metric.critical
}

deny contains finding if {
	some phase in input.phases
	some metric in phase.analysis.metrics
	metric.kind == "latency"
	some quantile, margin in metric.quantiles
	limit := limits.margins[sprintf("%d", [input.runbook.tier])][quantile]
	fraction(margin) > limit
	finding := {
		"msg": sprintf("metric %s lets %s grow by more than a tier %d service may", [metric.name, quantile, input.runbook.tier]),
		"at": phase.id,
		"hint": sprintf("allow at most %v of the baseline", [limit]),
	}
}

fraction(value) := value if is_number(value)

fraction(value) := to_number(trim_suffix(value, "%")) / 100 if is_string(value)
