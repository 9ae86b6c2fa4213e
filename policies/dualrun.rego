# METADATA
# title: Measured before moved
# description: A service of tier 1 is dual-run, with critical metrics and bounded margins, before production traffic moves.
package slipway.dualrun

import data.slipway.limits
import data.slipway.plan

deny contains finding if {
	input.runbook.tier == 1
	some phase in input.phases
	plan.moves_traffic(phase)
	not measured_before(phase)
	finding := {
		"msg": sprintf("phase %s moves traffic of a tier 1 service that no dual run has measured", [phase.id]),
		"at": phase.id,
		"hint": "before it, add a dualRun phase in the same environment with an analysis that has critical metrics; it has no \"if\", and its failure ends the phase",
	}
}

measured_before(cutover) if {
	some phase in input.phases
	phase.type == "dualRun"
	phase.index < cutover.index
	phase.environment == cutover.environment
	not phase["if"]
	not is_ignored(phase)
	some metric in phase.analysis.metrics
	metric.critical
}

# A verdict that the run goes on without.
is_ignored(phase) if {
	some step in input.steps
	step.path == sprintf("%s/@analysis", [phase.id])
	step.onFailure == "continue"
}

deny contains finding if {
	some phase in input.phases
	some metric in phase.analysis.metrics
	metric.kind == "latency"
	margins := limits.margins[tier].latency
	some quantile, margin in metric.quantiles
	most := object.get(margins, quantile, max([value | some value in margins]))
	not is_within(margin, most)
	finding := wide(phase, sprintf("metric %s lets %s grow by %v, and a tier %s service may allow %v%%", [metric.name, quantile, margin, tier, most * 100]))
}

deny contains finding if {
	some phase in input.phases
	some metric in phase.analysis.metrics
	some kind, member in {"rate": "margin", "mismatch": "max", "numeric": "margin", "ratio": "margin", "throughput": "margin"}
	metric.kind == kind
	most := limits.margins[tier][kind]
	margin := metric[member]
	not is_within(margin, most)
	finding := wide(phase, sprintf("metric %s allows %v, and a tier %s service may allow %v%%", [metric.name, margin, tier, most * 100]))
}

wide(phase, msg) := {"msg": msg, "at": phase.id, "hint": "make the margin smaller, or change limits.margins in policies/data.yaml"}

tier := sprintf("%d", [input.runbook.tier])

# Margins are written as people do: 25%, 1pp, or a fraction. What cannot be read is too much.
fraction(value) := value if is_number(value)

fraction(value) := to_number(trim_right(value, "%p")) / 100 if is_string(value)

is_within(value, most) if fraction(value) <= most
