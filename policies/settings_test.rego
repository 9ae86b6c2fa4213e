package slipway.settings_test

import data.slipway.limits
import data.slipway.settings

test_shipped if count(settings.deny) == 0 with input as {"version": 1}

test_missing if {
	some finding in settings.deny with data.slipway.limits as object.remove(limits, ["approvals"])
	contains(finding.msg, "approvals")
}

test_misspelt if count(settings.deny) == 1 with data.slipway.limits as object.union(limits, {"approvals": "two"}) with input as {"version": 1}

test_nothing_at_all if count(settings.deny) == count(settings.wanted) with data.slipway.limits as {} with input as {"version": 1}

test_another_version if every other in [{}, {"version": 2}, {"version": "1"}] {
	count(settings.deny) == 1 with input as other
}
