package slipway.environments_test

import data.slipway.environments

plan(phase) := {"environments": {"prod": {"name": "prod"}}, "phases": [object.union({"id": "p", "mutates": true}, phase)]}

test_known if count(environments.deny) == 0 with input as plan({"environment": "prod"})

test_none if count(environments.deny) == 1 with input as plan({})

test_unknown if count(environments.deny) == 1 with input as plan({"environment": "prd"})

test_looking_needs_none if count(environments.deny) == 0 with input as plan({"mutates": false})
