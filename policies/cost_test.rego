package slipway.cost_test

import data.slipway.cost

plan(money) := {"environments": {"prod": {"name": "prod", "costCeiling": 100}}, "cost": money, "blastRadius": {"resources": {"create": 1}}}

test_cheap if count(cost.deny) == 0 with input as plan({"monthly": 99})

test_dear if count(cost.deny) == 1 with input as plan({"monthly": 101})

test_silent_warns if count(cost.warn) == 1 with input as plan({})
