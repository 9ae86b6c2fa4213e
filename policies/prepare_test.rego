package slipway.prepare_test

import data.slipway.prepare

plan(phase, mutates) := {"steps": [{"path": "p/s", "phaseType": phase, "mutates": mutates}]}

test_looking if count(prepare.deny) == 0 with input as plan("prepare", false)

test_changing if count(prepare.deny) == 1 with input as plan("prepare", true)

test_changing_elsewhere if count(prepare.deny) == 0 with input as plan("provision", true)
