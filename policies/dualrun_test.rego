package slipway.dualrun_test

import data.slipway.dualrun

limits := {"margins": {"1": {"latency": {"p95": 0.5, "p99": 1}, "rate": 0.01, "mismatch": 0.01, "numeric": 0.1, "ratio": 0.02, "throughput": 0.1}}}

cutover := {"id": "cutover", "type": "cutover", "production": true, "index": 1, "environment": "prod"}

latency(margin) := {"name": "latency", "kind": "latency", "quantiles": {"p95": margin}, "critical": true}

dual(metric) := {"id": "dual", "type": "dualRun", "index": 0, "environment": "prod", "analysis": {"metrics": [metric]}}

plan(phases) := {"runbook": {"tier": 1}, "phases": phases, "steps": []}

denials(phases) := found if {
	found := dualrun.deny with input as plan(phases) with data.slipway.limits as limits
}

test_measured if count(denials([dual(latency(0.2)), cutover])) == 0

test_not_measured if count(denials([cutover])) == 1

test_not_critical if count(denials([dual(object.union(latency(0.2), {"critical": false})), cutover])) == 1

test_measured_elsewhere if count(denials([object.union(dual(latency(0.2)), {"environment": "staging"}), cutover])) == 1

test_as_people_write_it if count(denials([dual(latency("50%")), cutover])) == 0

test_wide_margin if count(denials([dual(latency("80%")), cutover])) == 1

test_a_quantile_without_a_limit_has_one if count(denials([dual(object.union(latency("50%"), {"quantiles": {"p99.9": "200%"}})), cutover])) == 1

test_not_known_is_too_much if count(denials([dual(latency("${{ inputs.margin }}")), cutover])) == 1

test_rates if {
	count(denials([dual({"name": "errors", "kind": "rate", "margin": "1pp", "critical": true}), cutover])) == 0
	count(denials([dual({"name": "errors", "kind": "rate", "margin": "3pp", "critical": true}), cutover])) == 1
}

test_mismatches if {
	count(denials([dual({"name": "parity", "kind": "mismatch", "max": "1%", "critical": true}), cutover])) == 0
	count(denials([dual({"name": "parity", "kind": "mismatch", "max": "20%", "critical": true}), cutover])) == 1
}

figure(kind, margin) := {"name": "orders", "kind": kind, "direction": "higher", "margin": margin, "critical": true}

test_figures_of_metric_sources if every kind, margin in {"numeric": ["10%", "11%"], "ratio": ["2pp", "2.5pp"], "throughput": ["10%", 0.2]} {
	count(denials([dual(figure(kind, margin[0])), cutover])) == 0
	count(denials([dual(figure(kind, margin[1])), cutover])) == 1
}

test_tier_2_may if count(dualrun.deny) == 0 with input as {"runbook": {"tier": 2}, "phases": [cutover], "steps": []} with data.slipway.limits as limits

test_measured_only_sometimes if count(denials([object.union(dual(latency(0.2)), {"if": "${{ inputs.measure }}"}), cutover])) == 1

verdict(on_failure) := {"path": "dual/@analysis", "phase": "dual", "uses": "analysis", "role": "step", "onFailure": on_failure}

judged(on_failure) := found if {
	found := dualrun.deny with input as object.union(plan([dual(latency(0.2)), cutover]), {"steps": [verdict(on_failure)]}) with data.slipway.limits as limits
}

test_a_verdict_that_binds_nobody if count(judged("continue")) == 1

test_a_verdict_that_counts if every on_failure in ["fail", "pause", "rollback"] {
	count(judged(on_failure)) == 0
}
