package slipway.windows_test

import data.slipway.windows

plan(window) := {"phases": [object.union({"id": "cutover", "type": "cutover", "production": true}, window)]}

test_open if count(windows.deny) == 0 with input as plan({"window": {"openings": 3, "openNow": true}})

test_none if count(windows.deny) == 1 with input as plan({})

test_never if count(windows.deny) == 1 with input as plan({"window": {"openings": 0, "openNow": false}})

test_closed_warns if count(windows.warn) == 1 with input as plan({"window": {"openings": 3, "openNow": false, "next": {"from": "2026-11-27T19:00:00Z"}}})

test_staging_needs_none if count(windows.deny) == 0 with input as {"phases": [{"id": "c", "type": "cutover", "production": false}]}

test_traffic_in_a_custom_phase_needs_one if {
	moves := {"phases": [{"id": "c", "type": "custom", "production": true}], "steps": [{"path": "c/w", "phase": "c", "role": "step", "uses": "traffic.setWeight"}]}
	count(windows.deny) == 1 with input as moves
}
