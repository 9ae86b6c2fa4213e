package slipway.compliance_test

import data.slipway.compliance

scan(facts) := {"scan": {"runId": "r"}, "facts": {"hosts": {"h1": {"facts": facts}}}, "stacks": {"a/b": {"pending": []}}}

test_good if count(compliance.deny) == 0 with input as scan({"clockSkewMs": 12, "uptimeSeconds": 1000})

test_clock if count(compliance.deny) == 1 with input as scan({"clockSkewMs": -5000, "uptimeSeconds": 1000})

test_old_kernel_warns if count(compliance.warn) == 1 with input as scan({"clockSkewMs": 0, "uptimeSeconds": 20000000})

test_cut_off_stack if {
	cut := {"scan": {}, "facts": {}, "stacks": {"a/b": {"pending": [{"urn": "u"}]}}}
	count(compliance.deny) == 1 with input as cut
}

test_a_plan_passes if count(compliance.deny) == 0 with input as {"stacks": [{"stack": "a/b"}], "phases": []}

test_a_scan_of_nothing if count(compliance.deny) == 1 with input as {"scan": {"runId": "r"}, "facts": {}, "stacks": {}}

test_a_stack_that_is_gone if count(compliance.deny) == 1 with input as {"scan": {"runId": "r"}, "facts": {}, "stacks": {"a/b": {"exists": false, "pending": []}}}

test_a_clock_nobody_knows_warns if count(compliance.warn) == 1 with input as scan({"uptimeSeconds": 1})
