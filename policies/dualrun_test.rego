package slipway.dualrun_test

import data.slipway.dualrun

limits := {"margins": {"1": {"p95": 0.5}}}

cutover := {"id": "cutover", "type": "cutover", "production": true, "index": 1}

dual(margin, critical) := {"id": "dual", "type": "dualRun", "index": 0, "analysis": {"metrics": [{"name": "latency", "kind": "latency", "quantiles": {"p95": margin}, "critical": critical}]}}

plan(phases) := {"runbook": {"tier": 1}, "phases": phases}

test_measured if count(dualrun.deny) == 0 with input as plan([dual(0.2, true), cutover]) with data.slipway.limits as limits

test_not_measured if count(dualrun.deny) == 1 with input as plan([cutover]) with data.slipway.limits as limits

test_not_critical if count(dualrun.deny) == 1 with input as plan([dual(0.2, false), cutover]) with data.slipway.limits as limits

test_wide_margin if count(dualrun.deny) == 1 with input as plan([dual("80%", true), cutover]) with data.slipway.limits as limits

test_tier_2_may if count(dualrun.deny) == 0 with input as {"runbook": {"tier": 2}, "phases": [cutover]} with data.slipway.limits as limits
